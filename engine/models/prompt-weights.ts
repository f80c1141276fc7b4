// Emphasis in prompts, read as ComfyUI reads it: `(x)` weighs 1.1 times its surroundings, `(x:1.3)`
// weighs 1.3 whatever surrounds it, `\(` and `\)` are plain parentheses, what never closes is text.

export interface WeightedText {
  text: string
  weight: number
}

// Escaped parentheses hide behind private characters while the others are counted.
const hide = (text: string) => text.replaceAll('\\)', '\uE001').replaceAll('\\(', '\uE000')
const show = (text: string) => text.replaceAll('\uE001', ')').replaceAll('\uE000', '(')

export const parseWeights = (prompt: string): WeightedText[] =>
  [...weigh(hide(prompt), 1)].map(({ text, weight }) => ({ text: show(text), weight }))

function* weigh(text: string, weight: number): Generator<WeightedText> {
  for (const piece of topLevel(text))
    if (piece.length > 1 && piece.startsWith('(') && piece.endsWith(')')) {
      const { inner, factor, absolute } = emphasis(piece.slice(1, -1))
      yield* weigh(inner, absolute ?? weight * factor)
    } else yield { text: piece, weight }
}

function emphasis(inner: string): { inner: string; factor: number; absolute?: number } {
  const colon = inner.lastIndexOf(':')
  const number = inner.slice(colon + 1).trim()
  const stated = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(number)
  if (colon <= 0 || !stated) return { inner, factor: 1.1 }
  return { inner: inner.slice(0, colon), factor: 1, absolute: Number(number) }
}

/** Cuts at the outermost parentheses, which stay on their pieces. */
function topLevel(text: string): string[] {
  const pieces: string[] = []
  let depth = 0
  let start = 0
  const cut = (end: number) => {
    if (end > start) pieces.push(text.slice(start, end))
    start = end
  }
  for (let at = 0; at < text.length; at++)
    if (text[at] === '(') {
      if (depth === 0) cut(at)
      depth++
    } else if (text[at] === ')' && --depth === 0) cut(at + 1)
  cut(text.length)
  return pieces
}
