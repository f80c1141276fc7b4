// ComfyUI's own colours, so that a file keeps its look; what is shown has more colour than what is
// written, since our cards mix it with their own grey.

export interface NamedColour {
  name: string
  /** As files name it; undefined: none. */
  value: string | undefined
  shown: string
}

export const nodeColours: readonly NamedColour[] = [
  { name: 'No colour', value: undefined, shown: 'var(--card)' },
  { name: 'Red', value: '#322', shown: '#a33' },
  { name: 'Brown', value: '#332922', shown: '#a63' },
  { name: 'Green', value: '#232', shown: '#3a5' },
  { name: 'Blue', value: '#223', shown: '#35a' },
  { name: 'Pale blue', value: '#2a363b', shown: '#57a' },
  { name: 'Cyan', value: '#233', shown: '#3aa' },
  { name: 'Purple', value: '#323', shown: '#a3a' },
  { name: 'Yellow', value: '#432', shown: '#aa3' },
]

export const groupColours: readonly NamedColour[] = [
  { name: 'No colour', value: undefined, shown: 'var(--card)' },
  ...[
    ['Red', '#a88'],
    ['Brown', '#b06634'],
    ['Green', '#8a8'],
    ['Blue', '#88a'],
    ['Pale blue', '#3f789e'],
    ['Cyan', '#8aa'],
    ['Purple', '#a1309b'],
    ['Yellow', '#b58b2a'],
  ].map(([name, value]) => ({ name: name!, value: value!, shown: value! })),
]
