// Messages between the host and the engine process, over Node's IPC with `advanced` serialization.
import type { Provider } from '../inference/layers.ts'
import type { SelfTest } from '../inference/providers/self-test.ts'
import type { Job, RunEvent } from './events.ts'

/** How the engine process is set up; sent first. */
export interface EngineConfig {
  inputDir: string
  outputDir: string
  tempDir: string
  /** Folders with ComfyUI's layout, first match wins. The bundled models come last. */
  modelDirs: string[]
  /** `extra_model_paths.yaml`: folder kind → further folders. */
  extraModelDirs?: Record<string, string[]>
  threads?: number
  /** Loaded models above this are let go, least used first. */
  memoryBudgetBytes?: number
  /** Where weights rounded to 8 bits are kept; without it all is computed exactly. */
  int8Dir?: string
  /** Where the numbers of merged models are kept. */
  mergedDir?: string
  /** Where networks are computed; the processor by default. */
  provider?: Provider
  /** Stored weights that may lie on the GPU at a time. */
  gpuBudgetBytes?: number
}

export type ToEngine =
  | { type: 'configure'; config: EngineConfig }
  | { type: 'run'; job: Job }
  | { type: 'interrupt'; job: string }
  /** Let go of models, and of cached results too if asked. */
  | { type: 'free'; results: boolean }
  /** Instead of `configure`: whether a provider may be trusted here. */
  | { type: 'self-test'; provider: Provider }

export type FromEngine =
  | { type: 'ready'; provider: string }
  | { type: 'event'; job: string; event: RunEvent }
  | { type: 'memory'; rssBytes: number; modelBytes: number }
  /** For the user: something goes another way than was asked for. */
  | { type: 'notice'; text: string }
  | { type: 'self-test'; result?: SelfTest; error?: string }
