// Messages between the host and the engine process, over Node's IPC with `advanced` serialization.
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
}

export type ToEngine =
  | { type: 'configure'; config: EngineConfig }
  | { type: 'run'; job: Job }
  | { type: 'interrupt'; job: string }
  /** Let go of models, and of cached results too if asked. */
  | { type: 'free'; results: boolean }

export type FromEngine =
  | { type: 'ready'; provider: string }
  | { type: 'event'; job: string; event: RunEvent }
  | { type: 'memory'; rssBytes: number; modelBytes: number }
