// What to say when a workflow names a model that is not there.
import { ModelError } from '../inference/model-error.ts'

export function missingModel(folder: string, name: string, names: readonly string[]): ModelError {
  const near = nearestName(name, names)
  const hint = near
    ? `The nearest name there is "${near}": choose it in the node.`
    : names.length > 0
      ? `Choose one of the ${names.length} that are there, or put the file into ${folder}/.`
      : `The folder is empty: put the file into ${folder}/ of your models folder.`
  return new ModelError(`The model "${name}" is not in ${folder}/. ${hint}`)
}

/** The name with the fewest changes, if no more than two in five letters change. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const wanted = simple(name)
  let best: { name: string; changes: number } | undefined
  for (const candidate of names.slice(0, 5000)) {
    const changes = distance(wanted, simple(candidate))
    if (!best || changes < best.changes) best = { name: candidate, changes }
  }
  return best && best.changes <= wanted.length * 0.4 ? best.name : undefined
}

/** Without folder, ending, case and separators: what people remember of a name. */
const simple = (name: string): string =>
  name
    .replace(/^.*[\\/]/, '')
    .replace(/\.[a-z0-9]+$/i, '')
    .toLowerCase()
    .replace(/[\s_.-]+/g, '')
    .slice(0, 120)

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)),
      )
    row = next
  }
  return row[b.length]!
}
