// Open sessions, shared by whoever asks for the same network, and let go least recently used first
// when their weights pass a budget. Nobody holds a session: each run names it anew.
import type { Tensor } from '../tensor.ts'
import { int8Weights } from './int8-file.ts'
import { buildRounded } from './layers.ts'
import type { OnnxGraph } from './onnx-graph.ts'
import { checkNumbers } from './ordinary-numbers.ts'
import { openPlaced, type PlacedOptions } from './providers/fallback.ts'
import { type Ids, type Optimization, type Session, usualOptimization } from './session.ts'
import type { Watch } from './shared-work.ts'
import type { Weights } from './weights.ts'

export interface SessionRecipe {
  /** Files, versions and options: equal keys are equal networks. */
  readonly key: string
  /** What it holds in memory, roughly: the bytes of its weights. */
  readonly costBytes: number
  /** Whose weights they are: answers that are no numbers are said with its name. */
  readonly file?: string
  /** Weights that may be rounded to 8 bits where the user wants it: a file, and how their names begin. */
  readonly roundable?: { weights: Weights; prefix: string }
  /** `usualOptimization` by default. */
  readonly optimization?: Optimization
  /** What must be there before the graph can be built. */
  prepare?(watch?: Watch): Promise<void>
  /** Layers made in here are for the provider that computes them; graphs made beforehand would not be. */
  build(): OnnxGraph
}

export interface SessionPoolOptions extends Omit<PlacedOptions, 'optimization'> {
  budgetBytes: number
  /** Where rounded weights are kept; without it all is computed exactly. */
  int8Dir?: string
}

interface Entry {
  session: Promise<Session>
  costBytes: number
  runs: number
}

/**
 * What the process may hold before it lets go of networks that would take a second to open again. The
 * pages of mapped weights count, though the system can take them back at any time.
 */
const comfortBytes = 3e9

export class SessionPool {
  /** Least recently used first. */
  private readonly entries = new Map<string, Entry>()
  private readonly options: SessionPoolOptions

  constructor(options: SessionPoolOptions) {
    this.options = options
  }

  /** What is open, least recently used first. */
  get keys(): string[] {
    return [...this.entries.keys()]
  }

  /** Weights of all open sessions. */
  get bytes(): number {
    return [...this.entries.values()].reduce((sum, entry) => sum + entry.costBytes, 0)
  }

  /**
   * Opens the session if it is not open, so that the first run starts at once.
   * @param watch for weights that have to be rounded first
   */
  async start(recipe: SessionRecipe, watch?: Watch): Promise<void> {
    await this.use(recipe, async () => undefined, watch)
  }

  /** The same, with room made for a network that will run many times. */
  async startLarge(recipe: SessionRecipe, watch?: Watch): Promise<void> {
    if (!this.entries.has(recipe.key)) await this.makeRoom(1.6 * recipe.costBytes)
    await this.start(recipe, watch)
  }

  run(
    recipe: SessionRecipe,
    feeds: Readonly<Record<string, Tensor | Ids>>,
  ): Promise<Record<string, Tensor>> {
    return this.use(recipe, async session => {
      const answers = await session.run(feeds)
      if (recipe.file) checkNumbers(recipe.file, feeds, answers)
      return answers
    })
  }

  /** The session stays open until `work` is done. */
  async use<T>(
    recipe: SessionRecipe,
    work: (session: Session) => Promise<T>,
    watch?: Watch,
  ): Promise<T> {
    const entry = await this.hold(recipe, watch)
    try {
      return await work(await entry.session)
    } finally {
      entry.runs--
    }
  }

  /**
   * Before a run whose feature maps take about `bytes`: if the process would hold more than
   * `comfortBytes`, networks that are idle and quick to open again are let go, with the memory that
   * they keep for feature maps of their own.
   */
  async makeRoom(bytes: number): Promise<void> {
    for (const [key, { costBytes }] of [...this.entries]) {
      if (process.memoryUsage.rss() + bytes <= comfortBytes) return
      if (usualOptimization(costBytes) === 'disabled') await this.letGo(key)
    }
  }

  /** Closes a session that nobody uses. It opens again by itself. */
  async letGo(key: string): Promise<void> {
    const entry = this.entries.get(key)
    if (!entry || entry.runs > 0) return
    this.entries.delete(key)
    await entry.session.then(
      session => session.release(),
      () => undefined,
    )
  }

  /** Lets go of all that is not running. Sessions open again by themselves. */
  free(): Promise<void> {
    return this.shrink(0)
  }

  private async hold(recipe: SessionRecipe, watch?: Watch): Promise<Entry> {
    let rounded: Weights | undefined
    if (!this.entries.has(recipe.key)) {
      await recipe.prepare?.(watch)
      rounded = await this.rounded(recipe, watch)
      await this.shrink(this.options.budgetBytes - recipe.costBytes)
    }
    const entry = this.entries.get(recipe.key) ?? this.open(recipe, rounded)
    entry.runs++
    // Now the most recently used.
    this.entries.delete(recipe.key)
    this.entries.set(recipe.key, entry)
    return entry
  }

  private async rounded({ roundable }: SessionRecipe, watch?: Watch): Promise<Weights | undefined> {
    const { int8Dir, provider = 'cpu' } = this.options
    if (!int8Dir || !roundable || provider !== 'cpu') return undefined
    return int8Weights(roundable.weights, roundable.prefix, int8Dir, watch)
  }

  private open({ key, costBytes, build: exact, ...recipe }: SessionRecipe, rounded?: Weights) {
    const build = rounded ? () => buildRounded(rounded, exact) : exact
    const optimization = recipe.optimization ?? usualOptimization(costBytes)
    const session = Promise.resolve().then(() =>
      openPlaced({ build, costBytes }, { ...this.options, optimization }),
    )
    // A session that did not open must not stay in the way of the next try.
    session.catch(() => this.entries.delete(key))
    const entry: Entry = { session, costBytes, runs: 0 }
    return entry
  }

  private async shrink(toBytes: number): Promise<void> {
    for (const key of [...this.entries.keys()]) {
      if (this.bytes <= Math.max(0, toBytes)) return
      await this.letGo(key)
    }
  }
}
