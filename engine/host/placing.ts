// Where the host's engine computes, as settings and hardware change. The engine starts on the
// processor at once; a GPU takes over when its self-test has passed.
import type { HardwareReport } from '../api/contract.ts'
import type { TestProvider } from '../backends/provider-test.ts'
import type { Placement, ProviderChoice } from '../inference/providers/choice.ts'
import type { EngineConfig } from '../run/protocol.ts'
import { hardwareReport } from './hardware-report.ts'
import { lookAround, place, placementConfig, type SurroundingsOptions } from './placements.ts'

export interface PlacingOptions extends SurroundingsOptions {
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
  again(): Promise<void>
  /** @param idle whether the machine may be measured now */
  report(idle: boolean): Promise<HardwareReport>
}

export function createPlacing({
  choice,
  changed,
  log = text => process.stderr.write(text),
  ...options
}: PlacingOptions): Placing {
  const surroundings = lookAround(options)
  let config: Placing['config'] = { provider: 'cpu' }
  let notice: string | undefined
  let placing: Promise<Placement>

  async function decide(fresh: boolean): Promise<Placement> {
    const chosen = choice()
    const around = await surroundings
    if (fresh && chosen !== 'auto' && chosen !== 'cpu') around.tests.forget(chosen)
    return place(chosen, around)
  }
  async function decideAndTell(fresh: boolean): Promise<void> {
    const deciding = decide(fresh)
    placing = deciding
    const decided = await deciding
    // Another choice was made meanwhile: its answer counts.
    if (placing !== deciding || options.signal?.aborted) return
    const before = config.provider
    config = placementConfig(decided.provider, await surroundings)
    const heard = notice
    notice = decided.notice
    if (notice && notice !== heard) log(`${notice}\n`)
    if (config.provider !== before || notice !== heard) changed()
  }
  void decideAndTell(false)

  return {
    get config() {
      return config
    },
    get notice() {
      return notice
    },
    again: () => decideAndTell(true),
    report: async idle => hardwareReport(await surroundings, await placing, idle),
  }
}

/** For hosts whose engine is not a process of ours, such as those of tests. */
export const untested: TestProvider = async () => ({
  state: 'refused',
  message: 'this engine tests no providers',
})
