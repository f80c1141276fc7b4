// What still has to run and what may run next. Steps are planned backwards from what is needed and
// only as far as results are missing; lazy links are planned when a node asks for them.
import type { NodeId } from '../graph/document.ts'
import { linksOf } from '../graph/order.ts'
import { isLink } from '../graph/prompt.ts'
import type { Field } from '../nodes/define.ts'
import type { RunNode } from './planner.ts'

export interface Step {
  readonly node: RunNode
  /** Position in the plan: among equals the first goes first. */
  readonly index: number
  /** How many results it waits for. */
  waits: number
  /** Steps that wait for this one, once for each link. */
  readonly dependents: Step[]
  /** Nodes whose results must stay until this step has finished, lazy ones included. */
  readonly holds: NodeId[]
  /** Lazy inputs that the node has asked for. */
  readonly requestedInputs: Set<string>
}

interface Ready {
  step: Step
  rank: number
}

/** Links that must be there before a node is asked anything. */
function strictSources({ type, inputs }: RunNode): NodeId[] {
  const fields: Record<string, Field> = type.inputs
  return Object.entries(inputs)
    .filter(([name, value]) => isLink(value) && !fields[name]?.lazy)
    .map(([, value]) => (value as [NodeId, number])[0])
}

/** Outputs and waiting nodes first, then what an output waits for, directly or over one step. */
function rankOf(step: Step): number {
  if (step.node.type.outputNode || step.node.type.concurrent) return 0
  const feedsOutput = (other: Step) => other.dependents.some(d => d.node.type.outputNode)
  if (feedsOutput(step)) return 1
  return step.dependents.some(feedsOutput) ? 2 : 3
}

export class StepQueue {
  private readonly stepsById = new Map<NodeId, Step>()
  /** Ready since the last `next`: ranked then, when everything that waits for them is known. */
  private justReady: Step[] = []
  /** Sorted, the best last. */
  private readonly ready: Ready[] = []
  private readonly uses = new Map<NodeId, number>()
  private planned = 0
  private readonly node: (id: NodeId) => RunNode
  private readonly available: (node: RunNode) => boolean
  private readonly release: (id: NodeId) => void

  /** `available` takes a result that is at hand; `release` hears of results that nobody waits for. */
  constructor(options: {
    node: (id: NodeId) => RunNode
    available: (node: RunNode) => boolean
    release: (id: NodeId) => void
  }) {
    this.node = options.node
    this.available = options.available
    this.release = options.release
  }

  get steps(): Iterable<Step> {
    return this.stepsById.values()
  }

  /** Steps that have not finished. */
  get pending(): number {
    return this.stepsById.size
  }

  isUsed(id: NodeId): boolean {
    return (this.uses.get(id) ?? 0) > 0
  }

  /** Plans what is missing for a node's result; `by` is not ready until it is there. */
  need(target: NodeId, by?: Step): void {
    const created: Step[] = []
    const stack: [NodeId, Step | undefined][] = [[target, by]]
    for (let item = stack.pop(); item; item = stack.pop()) {
      const [id, waiting] = item
      let step = this.stepsById.get(id)
      if (!step) {
        const node = this.node(id)
        if (this.available(node)) continue
        step = this.create(node)
        created.push(step)
        for (const source of strictSources(node)) stack.push([source, step])
      }
      if (waiting) {
        waiting.waits++
        step.dependents.push(waiting)
      }
    }
    for (const step of created) if (step.waits === 0) this.justReady.push(step)
  }

  /** Keeps a result until `step` has finished. */
  hold(id: NodeId, step: Step): void {
    step.holds.push(id)
    this.uses.set(id, (this.uses.get(id) ?? 0) + 1)
  }

  /** Puts a step back that has been staged; it is ready at once if it waits for nothing. */
  requeue(step: Step): void {
    if (step.waits === 0) this.justReady.push(step)
  }

  next(): Step | undefined {
    for (const step of this.justReady) this.insert(step)
    this.justReady = []
    return this.ready.pop()?.step
  }

  finish(step: Step): void {
    this.stepsById.delete(step.node.id)
    for (const dependent of step.dependents)
      if (--dependent.waits === 0) this.justReady.push(dependent)
    for (const id of step.holds) {
      const uses = this.uses.get(id)! - 1
      this.uses.set(id, uses)
      if (uses === 0) this.release(id)
    }
  }

  private create(node: RunNode): Step {
    const step: Step = {
      node,
      index: this.planned++,
      waits: 0,
      dependents: [],
      holds: [],
      requestedInputs: new Set(),
    }
    this.stepsById.set(node.id, step)
    for (const [id] of linksOf(node.inputs)) this.hold(id, step)
    return step
  }

  private insert(step: Step): void {
    const entry = { step, rank: rankOf(step) }
    let low = 0
    let high = this.ready.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.ready[middle]!
      const later = other.rank - entry.rank || other.step.index - step.index
      if (later > 0) low = middle + 1
      else high = middle
    }
    this.ready.splice(low, 0, entry)
  }
}
