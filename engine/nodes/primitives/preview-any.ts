import { isNumber, writeJson } from '../../graph/json.ts'
import { pythonRepr } from '../../graph/python-text.ts'
import { defineNode, socket, ui } from '../define.ts'

/** Tensors and models are described, not printed: a picture has millions of numbers. */
const summarize = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Float32Array) return `${value.length} numbers`
  return value
}

/** Texts as they are, `True` and `False` as ComfyUI shows them, everything else as JSON. */
function show(source: unknown): string {
  if (source === null || source === undefined) return 'None'
  if (typeof source === 'string') return source
  if (typeof source === 'boolean') return source ? 'True' : 'False'
  if (isNumber(source)) return pythonRepr(source)
  if (typeof source === 'function') return `a ${source.name || 'function'}`
  try {
    return (JSON.stringify(source, summarize, 4) ?? writeJson(source)).slice(0, maxCharacters)
  } catch {
    return 'This value cannot be shown as text.'
  }
}

const maxCharacters = 100_000

export const previewAny = defineNode({
  type: 'PreviewAny',
  title: 'Preview Any',
  category: 'utils',
  about: 'Shows any value as text.',
  aliases: ['show', 'print', 'debug', 'text'],
  inputs: { source: socket('*') },
  outputs: { STRING: 'STRING' },
  outputNode: true,
  run({ source }) {
    const text = show(source)
    return { STRING: text, [ui]: { text: [text] } }
  },
})
