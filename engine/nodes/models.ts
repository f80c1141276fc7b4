// How nodes come to models: by folder and name. What is loaded, shared and let go is decided behind
// this interface (models/store.ts), under a memory budget.
import type { DiffusionModel, TextEncoderModel, UpscaleModel, Vae } from '../models/kinds.ts'

export interface Models {
  /** Names in a models folder (`checkpoints`, `loras` …), sorted, with subfolders by `/`. */
  list(folder: string): string[]
  /** Real path. @throws ModelError naming the folder and the nearest name when it is missing. */
  path(folder: string, name: string): string
  checkpoint(name: string): Promise<{ model: DiffusionModel; clip?: TextEncoderModel; vae?: Vae }>
  vae(name: string): Promise<Vae>
  upscaler(name: string): Promise<UpscaleModel>
}

export class ModelError extends Error {
  override name = 'ModelError'
}
