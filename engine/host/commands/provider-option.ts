// `--provider NAME` of the command line.
import { testProvider } from '../../backends/provider-test.ts'
import type { ProviderChoice } from '../../inference/providers/choice.ts'
import { automaticOrder, isProvider } from '../../inference/providers/profiles.ts'
import type { EngineConfig } from '../../run/protocol.ts'
import type { Folders } from '../folders.ts'
import { choosePlacement, placementConfig, readPlacementContext } from '../placement-context.ts'
import { UsageError, warn } from './usage.ts'

/** @throws UsageError for a name that is none */
export function providerChoice(name = 'auto'): ProviderChoice {
  if (name === 'auto' || isProvider(name)) return name
  throw new UsageError(`--provider ${name}: one of auto, ${automaticOrder.join(', ')}.`)
}

/** Where the engine computes. Says on standard error when it is not where it was asked to. */
export async function placeEngine(
  choice: ProviderChoice,
  folders: Pick<Folders, 'data'>,
): Promise<Pick<EngineConfig, 'provider' | 'gpuBudgetBytes'>> {
  const test = (provider: Parameters<typeof testProvider>[0]) => {
    warn(`testing ${provider} …`)
    return testProvider(provider)
  }
  const context = await readPlacementContext({ data: folders.data, test })
  const placement = await choosePlacement(choice, context)
  if (placement.notice) warn(placement.notice)
  return placementConfig(placement.provider, context)
}
