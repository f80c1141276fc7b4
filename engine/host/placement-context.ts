// Where this machine's engine computes: the user's choice, what the hardware is, what self-tests found.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { TestProvider } from '../backends/provider-test.ts'
import type { Provider } from '../inference/layers.ts'
import {
  chooseProvider,
  type Placement,
  type ProviderChoice,
} from '../inference/providers/choice.ts'
import { findGpus, type Gpu, softwareVulkan } from '../inference/providers/gpus.ts'
import { type Machine, thisMachine } from '../inference/providers/machine.ts'
import type { Installation } from '../inference/providers/profiles.ts'
import type { EngineConfig } from '../run/protocol.ts'
import { type SelfTests, selfTestKey, selfTests } from './self-tests.ts'
import { appVersion } from './version.ts'

export interface PlacementContext {
  machine: Machine
  gpus: readonly Gpu[]
  installation: Installation
  tests: SelfTests
}

export interface PlacementContextOptions {
  /** Data folder, where self-tests are remembered. */
  data?: string
  test: TestProvider
  /** Ends the tests that are running. */
  signal?: AbortSignal
  machine?: Machine
}

/** Looks at the machine; starts no test. */
export async function readPlacementContext({
  data,
  test,
  signal,
  machine = thisMachine(),
}: PlacementContextOptions): Promise<PlacementContext> {
  const gpus = await findGpus(machine)
  const onnxruntime = installedOnnxruntime(machine)
  const tests = selfTests({
    file: data && join(data, 'self-tests.json'),
    key: selfTestKey(machine, gpus, `${appVersion} ${onnxruntime.version}`),
    test,
    signal,
  })
  return { machine, gpus, tests, installation: onnxruntime }
}

export const choosePlacement = (
  choice: ProviderChoice,
  { machine, gpus, tests, installation }: PlacementContext,
): Promise<Placement> =>
  chooseProvider(choice, {
    gpus,
    installation,
    softwareVulkan: softwareVulkan(machine.env),
    test: provider => tests.test(provider),
  })

/** Of a GPU's memory, for weights and activations together: the screen needs some of it too. */
const gpuShare = 0.8
/** Weights of 16 bits, as most are stored, take twice their size there. */
const wideningFactor = 2

/** What the engine process is told. A GPU without memory of its own shares the machine's. */
export function placementConfig(
  provider: Provider,
  { gpus, machine }: Pick<PlacementContext, 'gpus' | 'machine'>,
): Pick<EngineConfig, 'provider' | 'gpuBudgetBytes'> {
  if (provider === 'cpu') return { provider }
  const own = Math.max(0, ...gpus.map(gpu => gpu.memoryBytes ?? 0))
  const memoryBytes = own || machine.memoryBytes / 2
  return { provider, gpuBudgetBytes: Math.floor((memoryBytes * gpuShare) / wideningFactor) }
}

/** Which onnxruntime is installed, and what lies beside its libraries. */
function installedOnnxruntime({ platform, arch }: Machine): Installation & { version: string } {
  try {
    const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json')
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
    const libraries = join(dirname(manifest), 'bin', 'napi-v6', platform, arch)
    return {
      version,
      platform: `${platform}-${arch}`,
      has: file => existsSync(join(libraries, file)),
    }
  } catch {
    return { version: 'none', platform: `${platform}-${arch}`, has: () => false }
  }
}
