// Where the host's engine computes, as settings and hardware change. The engine starts on the
// processor at once; a GPU takes over when its self-test has passed.
import type { HardwareReport } from '../api/contract.ts'
import type { TestProvider } from '../backends/provider-test.ts'
import type { Placement, ProviderChoice } from '../inference/providers/choice.ts'
import type { EngineConfig } from '../run/protocol.ts'
import { hardwareReport } from './hardware-report.ts'
import {
  choosePlacement,
  type PlacementContextOptions,
  placementConfig,
  readPlacementContext,
} from './placement-context.ts'

export interface PlacingOptions extends PlacementContextOptions {
  choice(): ProviderChoice
  /** Told when `config` or `notice` is another. */
  changed(): void
  /** Lines for whoever watches; standard error by default. */
  log?: (text: string) => void
}

export interface Placing {
  readonly config: Pick<EngineConfig, 'provider' | 'gpuBudgetBytes'>
  readonly notice: string | undefined
  /** The choice is another, or is made anew: a provider that failed is tested again. */
  reconsider(): Promise<void>
  /** @param idle whether the machine may be measured now */
  report(idle: boolean): Promise<HardwareReport>
}

export function createPlacing({
  choice,
  changed,
  log = text => process.stderr.write(text),
  ...options
}: PlacingOptions): Placing {
  const pendingContext = readPlacementContext(options)
  let config: Placing['config'] = { provider: 'cpu' }
  let notice: string | undefined
  let placing: Promise<Placement>

  async function decide(fresh: boolean): Promise<Placement> {
    const chosen = choice()
    const context = await pendingContext
    if (fresh && chosen !== 'auto' && chosen !== 'cpu') context.tests.forget(chosen)
    return choosePlacement(chosen, context)
  }
  async function decideAndNotify(fresh: boolean): Promise<void> {
    const deciding = decide(fresh)
    placing = deciding
    const decided = await deciding
    // Another choice was made meanwhile: its answer counts.
    if (placing !== deciding || options.signal?.aborted) return
    const before = config.provider
    config = placementConfig(decided.provider, await pendingContext)
    const previousNotice = notice
    notice = decided.notice
    if (notice && notice !== previousNotice) log(`${notice}\n`)
    if (config.provider !== before || notice !== previousNotice) changed()
  }
  void decideAndNotify(false)

  return {
    get config() {
      return config
    },
    get notice() {
      return notice
    },
    reconsider: () => decideAndNotify(true),
    report: async idle => hardwareReport(await pendingContext, await placing, idle),
  }
}

/** For hosts whose engine is not a process of ours, such as those of tests. */
export const untested: TestProvider = async () => ({
  state: 'refused',
  message: 'this engine tests no providers',
})
