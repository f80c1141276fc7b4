// Ctrl+↑ and Ctrl+↓ in a prompt: the weight of the marked words, or of the word at the cursor,
// goes up or down by 0.05, written as `(words:1.05)`.

export interface Marked {
  text: string
  start: number
  end: number
}

const stepSize = 0.05
const wordEnds = /[\s,.;:()[\]{}<>|/\\]/

/** Undefined when there is no word to weigh. */
export function changeWeight({ text, start, end }: Marked, direction: 1 | -1): Marked | undefined {
  const [from, to] = start === end ? weightedAround(text, start) : trimmed(text, start, end)
  if (from === to) return undefined
  const outer = enclosing(text, from, to)
  const words = outer ? outer.words : text.slice(from, to)
  const weight = Math.round(((outer?.weight ?? 1) + direction * stepSize) * 100) / 100
  const open = outer ? outer.from : from
  const close = outer ? outer.to : to
  const next = weight === 1 ? words : `(${words}:${weight})`
  const shift = weight === 1 ? 0 : 1
  return {
    text: text.slice(0, open) + next + text.slice(close),
    start: open + shift,
    end: open + shift + words.length,
  }
}

/** Takes the key of a text field if it is one of the two. Answers whether it was. */
export function takeWeightKey(event: React.KeyboardEvent<HTMLTextAreaElement>): boolean {
  const { key, ctrlKey, metaKey, currentTarget: field } = event
  if (!(ctrlKey || metaKey) || (key !== 'ArrowUp' && key !== 'ArrowDown')) return false
  event.preventDefault()
  event.stopPropagation()
  const { value: text, selectionStart: start, selectionEnd: end } = field
  const next = changeWeight({ text, start, end }, key === 'ArrowUp' ? 1 : -1)
  if (!next) return true
  // As if it were typed: a cursor that is set after drawing would come too late for a key that repeats.
  field.setRangeText(next.text, 0, text.length)
  field.setSelectionRange(next.start, next.end)
  field.dispatchEvent(new Event('input', { bubbles: true }))
  return true
}

/** The weighted words around the cursor, else the word there. */
function weightedAround(text: string, at: number): [number, number] {
  const open = text.lastIndexOf('(', at - 1)
  if (open >= 0 && text.lastIndexOf(')', at - 1) < open) {
    const inside = /^\(([^()]*):-?[\d.]+\)/.exec(text.slice(open))
    if (inside && at <= open + inside[0].length) return [open + 1, open + 1 + inside[1]!.length]
  }
  let from = at
  let to = at
  while (from > 0 && !wordEnds.test(text[from - 1]!)) from--
  while (to < text.length && !wordEnds.test(text[to]!)) to++
  return [from, to]
}

function trimmed(text: string, start: number, end: number): [number, number] {
  while (start < end && /\s/.test(text[start]!)) start++
  while (end > start && /\s/.test(text[end - 1]!)) end--
  return [start, end]
}

/** The brackets that already weigh exactly these words, marked with or without the brackets. */
function enclosing(text: string, from: number, to: number) {
  const whole = /^\((.*):(-?[\d.]+)\)$/s.exec(text.slice(from, to))
  if (whole) return { from, to, words: whole[1]!, weight: Number(whole[2]) }
  if (text[from - 1] !== '(') return undefined
  const after = /^:(-?[\d.]+)\)/.exec(text.slice(to))
  if (!after) return undefined
  const words = text.slice(from, to)
  return { from: from - 1, to: to + after[0].length, words, weight: Number(after[1]) }
}
