// Runs a prompt: plans backwards, reuses what is cached, calls nodes as they become ready and says
// so in events. Everything it works with comes as an argument; it knows no server and no process.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NodeId } from '../graph/document.ts'
import { CycleError } from '../graph/order.ts'
import { isLink, type PromptLink } from '../graph/prompt.ts'
import type { NodeType, RunContext, Shown } from '../nodes/define.ts'
import type { Result, ResultCache } from './cache.ts'
import { type CallResult, callNode, neededInputs, slotsOf } from './call.ts'
import { contextOf, hiddenInputs, nodeReference, type RunSetting, runSetting } from './context.ts'
import type { Job, RunEvent } from './events.ts'
import { failureOf, NodeFailure } from './failure.ts'
import { summarizeInputs } from './input-summary.ts'
import {
  addExpansion,
  literalsOf,
  type PlanEnvironment,
  planPrompt,
  type RunGraph,
  type RunNode,
} from './planner.ts'
import { RunError } from './run-error.ts'
import { filesAreThere } from './shown-files.ts'
import { type Step, StepQueue } from './step-queue.ts'
import { gather, type Lists } from './values.ts'

export interface Environment extends Pick<RunContext, 'files' | 'models'> {
  nodeTypes: ReadonlyMap<string, NodeType>
  cache: ResultCache
}

type Emit = (event: RunEvent) => void

/** The event loop gets a turn this often, so that an interrupt can arrive. */
const turnMs = 8

/** Runs to the end and never rejects: the last event is `finished`, `failed` or `interrupted`. */
export async function execute(
  job: Job,
  environment: Environment,
  signal: AbortSignal,
  emit: Emit,
): Promise<void> {
  const executed: NodeId[] = []
  const ended = new AbortController()
  try {
    const both = AbortSignal.any([signal, ended.signal])
    await new Run(job, environment, both, emit, executed).runToEnd()
    emit({ type: 'finished' })
  } catch (error) {
    const node = error instanceof NodeFailure ? error.node : undefined
    emit(signal.aborted ? { type: 'interrupted', node, executed } : failureOf(error, executed))
  } finally {
    // Nodes still in the background stop; what they say from now on is not heard.
    ended.abort()
  }
}

/** A node that answered with graphs, until they have run. One answer per call. */
interface Expanding {
  answers: { values: readonly unknown[]; expanded: boolean }[]
  shown?: Shown
  startedMs: number
}

class Run {
  private readonly job: Job
  private readonly setting: RunSetting
  private readonly environment: Environment & PlanEnvironment
  private readonly signal: AbortSignal
  private readonly emit: Emit
  private readonly executed: NodeId[]
  private readonly results = new Map<NodeId, Result>()
  private readonly expanding = new Map<NodeId, Expanding>()
  private readonly background = new Set<Promise<void>>()
  private graph!: RunGraph
  private queue!: StepQueue
  private lastTurnMs = performance.now()
  private backgroundFailure: { error: unknown } | undefined

  constructor(
    job: Job,
    environment: Environment,
    signal: AbortSignal,
    emit: Emit,
    executed: NodeId[],
  ) {
    this.job = job
    this.environment = { ...environment, keys: environment.cache.keys }
    this.signal = signal
    this.emit = event => {
      if (!signal.aborted) emit(event)
    }
    this.executed = executed
    this.setting = runSetting(job, environment, signal, this.emit)
  }

  async runToEnd(): Promise<void> {
    await this.plan()
    while (this.queue.pending > 0) {
      this.signal.throwIfAborted()
      if (this.backgroundFailure) throw this.backgroundFailure.error
      const step = this.queue.next()
      if (step) {
        await this.yieldTurn()
        if (step.node.type.concurrent) this.start(step)
        else await this.perform(step)
      } else if (this.background.size > 0) {
        await this.waitForBackground()
      } else {
        // Only an expansion that links to what waits for its own node comes here.
        throw new CycleError(Array.from(this.queue.steps, step => step.node.id))
      }
    }
  }

  private async plan(): Promise<void> {
    const { cache } = this.environment
    cache.beginPrompt()
    const graph = await planPrompt(this.setting.prompt, this.job.targets, this.environment)
    this.graph = graph
    this.emit({ type: 'cached', nodes: graph.order.filter(id => this.cached(this.node(id))) })
    this.queue = new StepQueue({
      node: id => this.node(id),
      available: node => this.available(node),
      release: id => this.results.delete(id),
    })
    for (const target of graph.targets) {
      this.queue.need(target)
      const shown = this.cached(this.node(target))?.shown
      if (shown) this.emit({ type: 'shown', node: target, shown, cached: true })
    }
    for (const { node } of this.queue.steps) await this.check(node)
    cache.trim()
  }

  /** Asks a node whether it accepts what the prompt says, before anything runs. */
  private async check(node: RunNode): Promise<void> {
    if (!node.type.check) return
    try {
      const answer = await node.type.check(literalsOf(node) as never, this.environment)
      if (answer !== true) throw new RunError('check_failed', answer)
    } catch (error) {
      throw this.failureAt(node, error)
    }
  }

  /** Lets the event loop work if it has not for a while. */
  private async yieldTurn(): Promise<void> {
    if (performance.now() - this.lastTurnMs < turnMs) return
    await nextTurn()
    this.lastTurnMs = performance.now()
    this.signal.throwIfAborted()
  }

  private start(step: Step): void {
    const work = this.perform(step)
      .catch(error => {
        this.backgroundFailure ??= { error }
      })
      .finally(() => this.background.delete(work))
    this.background.add(work)
  }

  private async waitForBackground(): Promise<void> {
    const abort = Promise.withResolvers<void>()
    const onAbort = () => abort.resolve()
    this.signal.addEventListener('abort', onAbort, { once: true })
    await Promise.race([...this.background, abort.promise])
    this.signal.removeEventListener('abort', onAbort)
    this.lastTurnMs = performance.now()
  }

  private async perform(step: Step): Promise<void> {
    const { node } = step
    let lists: Lists | undefined
    try {
      const expanding = this.expanding.get(node.id)
      if (expanding) return this.collect(step, expanding)
      const known = this.cached(node)
      if (known) return this.complete(step, known, 0, true)
      this.emit({ type: 'started', ...nodeReference(node) })
      const startedMs = performance.now()
      lists = await this.inputs(step)
      if (!lists) return
      const call = await callNode(node.type, lists, contextOf(node, this.setting))
      this.signal.throwIfAborted()
      if (call.blocked)
        this.emit({ type: 'blocked', message: call.blocked, ...nodeReference(node) })
      if (call.answers.some(answer => answer.expansion)) {
        await this.expand(step, call, startedMs)
      } else {
        const slots = slotsOf(
          node.type,
          call.answers.map(answer => answer.values),
        )
        this.complete(step, { slots, shown: call.shown }, performance.now() - startedMs)
      }
    } catch (error) {
      throw this.failureAt(node, error, lists)
    }
  }

  /** What the node is given, or nothing if it goes back to wait for lazy inputs it turned out to need. */
  private async inputs(step: Step): Promise<Lists | undefined> {
    const { node, requestedInputs } = step
    const { type, inputs } = node
    const hidden = hiddenInputs(node, this.setting, this.graph)
    for (;;) {
      const lists = gather(type, inputs, hidden, requestedInputs, link => this.slotValues(link))
      const fresh = (await neededInputs(type, lists)).filter(
        name => isLink(inputs[name]) && !(name in lists) && !requestedInputs.has(name),
      )
      if (fresh.length === 0) return lists
      for (const name of fresh) {
        requestedInputs.add(name)
        this.queue.need((inputs[name] as PromptLink)[0], step)
      }
      if (step.waits > 0) return undefined
    }
  }

  /** Adds what the node answered with to the graph; the node waits for the results it links to. */
  private async expand(
    step: Step,
    { answers, shown }: CallResult,
    startedMs: number,
  ): Promise<void> {
    const { node } = step
    const expanding: Expanding = { answers: [], shown, startedMs }
    const sources: NodeId[] = []
    const outputNodes: NodeId[] = []
    for (const [call, { values, expansion }] of answers.entries()) {
      if (!expansion) {
        expanding.answers.push({ values, expanded: false })
        continue
      }
      const answer = { call, values, expansion }
      const added = await addExpansion(this.graph, node, answer, this.environment)
      expanding.answers.push({ values: added.results, expanded: true })
      sources.push(...added.sources)
      outputNodes.push(...added.outputNodes)
    }
    this.expanding.set(node.id, expanding)
    for (const source of sources) {
      this.queue.hold(source, step)
      this.queue.need(source, step)
    }
    for (const id of outputNodes) this.queue.need(id)
    this.queue.requeue(step)
  }

  /** The graphs that the node expanded to have run: their results become the node's own. */
  private collect(step: Step, { answers, shown, startedMs }: Expanding): void {
    const { type } = step.node
    const slots = Object.keys(type.outputs).map((name, slot) =>
      answers.flatMap(({ values, expanded }) => {
        const value = values[slot]
        if (expanded && isLink(value)) return this.slotValues(value)
        return type.listOutputs?.includes(name) && Array.isArray(value) ? value : [value]
      }),
    )
    this.expanding.delete(step.node.id)
    this.complete(step, { slots, shown }, performance.now() - startedMs)
  }

  private complete(step: Step, result: Result, ms: number, cached = false): void {
    const { node } = step
    if (!cached) {
      this.environment.cache.put(node.key, result)
      this.executed.push(node.id)
    }
    if (this.queue.isUsed(node.id)) this.results.set(node.id, result)
    this.emit({ type: 'done', ms, ...nodeReference(node) })
    const { shown } = result
    if (shown) this.emit({ type: 'shown', shown, cached, ...nodeReference(node) })
    this.queue.finish(step)
  }

  private cached({ key }: RunNode): Result | undefined {
    const { cache, files } = this.environment
    const result = cache.get(key)
    return result?.shown && !filesAreThere(result.shown, files) ? undefined : result
  }

  private available(node: RunNode): boolean {
    if (this.results.has(node.id)) return true
    const result = this.cached(node)
    if (result) this.results.set(node.id, result)
    return result !== undefined
  }

  private slotValues([id, slot]: PromptLink): readonly unknown[] {
    const result = this.results.get(id)
    if (!result) throw new Error(`The result of node ${id} is not there.`)
    const values = result.slots[slot]
    if (!values)
      throw new RunError(
        'link_broken',
        `A link comes from output ${slot} of ${this.node(id).type.type} (${id}), which has ${result.slots.length}.`,
        'Connect the input again.',
      )
    return values
  }

  private node(id: NodeId): RunNode {
    const node = this.graph.nodes.get(id)
    if (node) return node
    throw new RunError('link_broken', `A link comes from node ${id}, which is not there.`)
  }

  /** Blames the node of the queued prompt. */
  private failureAt(node: RunNode, error: unknown, lists?: Lists): NodeFailure {
    if (error instanceof NodeFailure) return error
    const id = node.display ?? node.id
    const inputs = lists && summarizeInputs(lists, Object.keys(node.type.hidden ?? {}))
    return new NodeFailure(id, this.node(id).type.type, error, inputs)
  }
}
