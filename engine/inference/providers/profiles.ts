// Where networks can be computed, one profile each: what onnxruntime-node offers on which platform,
// which operators it is given, how its sessions open, and what it cannot do.
// https://onnxruntime.ai/docs/execution-providers
import type { InferenceSession } from 'onnxruntime-node'
import { type OpProfile, type Provider, profiles } from '../layers.ts'
import type { OnnxGraph } from '../onnx-graph.ts'
import type { Optimization } from '../session.ts'
import type { GpuVendor } from './gpus.ts'
import { nodesOfHalves } from './half-nodes.ts'

type Configuration = InferenceSession.ExecutionProviderConfig

export interface ProviderProfile {
  /** As onnxruntime names it. */
  readonly id: Provider
  /** For people, at the beginning of a sentence. */
  readonly name: string
  /** `process.platform`-`process.arch` with a binary in the package that has it. */
  readonly platforms: readonly string[]
  /** Files that lie beside onnxruntime only after an installation of their own. */
  readonly libraries: readonly string[]
  readonly operators: OpProfile
  /** What every session opens with; the pool's choice where nothing stands. */
  readonly optimization?: Optimization
  /** GPUs that Automatic gives it; none: it needs no GPU. */
  readonly gpus: readonly GpuVendor[]
  /** What it is configured with for one network. */
  configure(graph: OnnxGraph): Configuration
  /** In words. */
  readonly limits: readonly string[]
}

/**
 * A GPU copies weights anyway: folding widens fp16 once, at loading, rather than at every step. Not
 * `extended`: its fusions bring back the operators that the profile avoids.
 */
const onGpu: Optimization = 'basic'

const gpuWork = 'Weights of 16 and 8 bits are widened: they take 4 bytes each on the GPU.'

export const providerProfiles: Record<Provider, ProviderProfile> = {
  cpu: {
    id: 'cpu',
    name: 'Processor',
    platforms: ['linux-x64', 'linux-arm64', 'win32-x64', 'win32-arm64', 'darwin-arm64'],
    libraries: [],
    operators: profiles.cpu,
    gpus: [],
    configure: () => 'cpu',
    limits: [],
  },
  cuda: {
    id: 'cuda',
    name: 'CUDA',
    platforms: ['linux-x64'],
    libraries: ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'],
    operators: profiles.cuda,
    optimization: onGpu,
    gpus: ['NVIDIA'],
    configure: () => ({ name: 'cuda', deviceId: 0 }),
    limits: [
      gpuWork,
      'Needs CUDA 12 and cuDNN 9. The Node binding takes no memory limit: models are let go by our own budget.',
    ],
  },
  dml: {
    id: 'dml',
    name: 'DirectML',
    platforms: ['win32-x64', 'win32-arm64'],
    libraries: [],
    operators: profiles.dml,
    optimization: onGpu,
    gpus: ['NVIDIA', 'AMD', 'Intel', 'Qualcomm'],
    configure: () => ({ name: 'dml', deviceId: 0 }),
    limits: [gpuWork, 'One run at a time in a session, and no memory pattern.'],
  },
  webgpu: {
    id: 'webgpu',
    name: 'WebGPU',
    platforms: ['linux-x64', 'win32-x64', 'win32-arm64', 'darwin-arm64'],
    libraries: [],
    operators: profiles.webgpu,
    optimization: onGpu,
    gpus: ['NVIDIA', 'AMD', 'Intel', 'Apple', 'Qualcomm'],
    configure: graph => {
      const onProcessor = nodesOfHalves(graph)
      // An empty list is refused.
      return { name: 'webgpu', ...(onProcessor.length > 0 && { forceCpuNodeNames: onProcessor }) }
    },
    limits: [
      gpuWork,
      'Many devices have no 16-bit numbers: what still works with them runs on the processor.',
      'A tensor must fit into one buffer of the device, often 2 GB: attention over more than about 768 × 768 pixels at once may not.',
    ],
  },
  coreml: {
    id: 'coreml',
    name: 'Core ML',
    platforms: ['darwin-arm64'],
    libraries: [],
    operators: profiles.coreml,
    optimization: onGpu,
    gpus: ['Apple'],
    configure: () => ({ name: 'coreml' }),
    limits: [
      gpuWork,
      'Takes the parts of a network whose sizes it knows beforehand; the rest runs on the processor.',
    ],
  },
}

/** What Automatic tries, best first, where there is a GPU for it. The processor is always last. */
export const automaticOrder: readonly Provider[] = ['cuda', 'dml', 'webgpu', 'coreml', 'cpu']

export const isProvider = (name: string): name is Provider => Object.hasOwn(providerProfiles, name)

export interface Installation {
  /** `process.platform`-`process.arch`. */
  platform: string
  /** Whether a file lies beside onnxruntime's own libraries. */
  has(file: string): boolean
}

/** Why a provider cannot be had here, to follow its name; undefined if it can. */
export function whyNotOffered(id: Provider, { platform, has }: Installation): string | undefined {
  const { platforms, libraries } = providerProfiles[id]
  if (!platforms.includes(platform)) return 'is not made for this system'
  const missing = libraries.find(file => !has(file))
  if (missing) return `lacks ${missing}, which is installed on its own (docs/providers.md)`
  return undefined
}
