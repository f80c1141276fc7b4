// Where typing falls apart into undo steps: at a pause, and at a word once a step has grown long.

const pauseMs = 900
/** A step takes in whole words until it has changed about this many characters. */
const longStep = 24

interface Burst {
  field: string
  number: number
  lastMs: number
  typed: number
}

let burst: Burst = { field: '', number: 0, lastMs: 0, typed: 0 }

/** Index of the first character that differs. */
function firstChange(before: string, after: string): number {
  let index = 0
  while (index < before.length && before[index] === after[index]) index++
  return index
}

const beginsWord = (text: string, at: number) =>
  /\S/.test(text[at] ?? '') && !/\S/.test(text[at - 1] ?? ' ')

/** The merge key for a change of a text field: the same within one step of typing. */
export function typingKey(
  field: string,
  before: string,
  after: string,
  nowMs = performance.now(),
): string {
  const fresh =
    burst.field !== field ||
    nowMs - burst.lastMs > pauseMs ||
    (burst.typed >= longStep && beginsWord(after, firstChange(before, after)))
  burst = {
    field,
    number: fresh ? burst.number + 1 : burst.number,
    lastMs: nowMs,
    typed: (fresh ? 0 : burst.typed) + Math.max(1, Math.abs(after.length - before.length)),
  }
  return `typing:${field}:${burst.number}`
}
