// Calling one node: once per entry of its input lists, the answers gathered into one list per
// output. Knows nothing of graphs.
import { Blocker, expand, type NodeType, type RunContext, type Shown, ui } from '../nodes/define.ts'
import type { Expansion } from './expansion.ts'
import { argumentsOf, type Lists, markFloat } from './values.ts'

/** What one call came to; a list output's value is an array. */
interface Answer {
  values: unknown[]
  expansion?: Expansion
}

export interface CallResult {
  answers: Answer[]
  shown?: Shown
  /** The message of the first blocker met that has one. */
  blocked?: string
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'

/** Any blocker among the inputs, or within them where the node takes whole lists. */
function blockerIn(inputs: Record<string, unknown>, wholeLists: boolean): Blocker | undefined {
  for (const name in inputs) {
    const value = inputs[name]
    if (value instanceof Blocker) return value
    if (!wholeLists) continue
    const inner = (value as unknown[]).find(item => item instanceof Blocker)
    if (inner instanceof Blocker) return inner
  }
  return undefined
}

export async function callNode(
  type: NodeType,
  lists: Lists,
  context: RunContext,
): Promise<CallResult> {
  const names = Object.keys(type.outputs)
  const wholeLists = type.inputIsList ?? false
  const result: CallResult = { answers: [] }
  for (const inputs of argumentsOf(lists, wholeLists)) {
    context.signal.throwIfAborted()
    const blocker = blockerIn(inputs, wholeLists)
    if (blocker) {
      result.blocked ??= blocker.message
      // Said once: what follows is silent.
      const silent = new Blocker()
      result.answers.push({ values: names.map(() => silent) })
      continue
    }
    const returned = type.run(inputs as never, context)
    const answer: Record<PropertyKey, unknown> =
      ((isPromise(returned) ? await returned : returned) as never) ?? {}
    for (const name of names)
      if (!(name in answer)) throw new Error(`${type.type} gave nothing for its output “${name}”.`)
    result.answers.push({
      values: names.map(name => markFloat(type.outputs[name]!, answer[name])),
      expansion: answer[expand] as Expansion | undefined,
    })
    const shown = answer[ui] as Shown | undefined
    if (shown) result.shown = joined(result.shown, shown)
  }
  return result
}

function joined(before: Shown | undefined, shown: Shown): Shown {
  if (!before) return shown
  const all = { ...before }
  for (const key in shown) all[key] = [...(all[key] ?? []), ...shown[key]!]
  return all
}

/** One list per output: a list output's arrays are spread, a blocker in place of one is one entry. */
export function slotsOf(type: NodeType, answers: readonly unknown[][]): unknown[][] {
  return Object.keys(type.outputs).map((name, slot) => {
    const values = answers.map(answer => answer[slot])
    return type.listOutputs?.includes(name)
      ? values.flatMap(value => (value instanceof Blocker ? [value] : (value as unknown[])))
      : values
  })
}

/** Lazy inputs that the node asks for, over all its calls. */
export async function neededInputs(type: NodeType, lists: Lists): Promise<string[]> {
  if (!type.needs) return []
  const wanted = new Set<string>()
  const wholeLists = type.inputIsList ?? false
  for (const inputs of argumentsOf(lists, wholeLists)) {
    if (blockerIn(inputs, wholeLists)) continue
    for (const name of await type.needs(inputs as never)) wanted.add(name)
  }
  return [...wanted]
}
