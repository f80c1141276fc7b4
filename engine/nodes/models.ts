// How nodes come to models: by folder and name. What is loaded, shared and let go is decided behind
// this interface (models/store.ts), under a memory budget.
import type { Weights } from '../inference/weights.ts'
import type {
  ControlNet,
  DiffusionModel,
  Gligen,
  LatentFormat,
  ModelPatch,
  StyleModel,
  TextEncoderModel,
  UpscaleModel,
  Vae,
  VisionModel,
} from '../models/kinds.ts'
import type { Tensor } from '../tensor.ts'

/** All that one file holds. */
export interface Checkpoint {
  model: DiffusionModel
  clip?: TextEncoderModel
  vae?: Vae
  /** Of those that were trained to see a picture: unCLIP. */
  vision?: VisionModel
}

export interface Models {
  /** Names in a models folder (`checkpoints`, `loras` …), sorted, with subfolders by `/`. */
  list(folder: string): string[]
  /** Real path. @throws ModelError naming the folder and the nearest name when it is missing. */
  path(folder: string, name: string): string
  checkpoint(name: string): Promise<Checkpoint>
  /** The same of a folder that diffusers saved. */
  diffusers(name: string): Promise<Checkpoint>
  /** A network without its text encoder and VAE. */
  diffusionModel(name: string): Promise<DiffusionModel>
  /** One text encoder of several files. `type` as CLIPLoader and its relatives name families. */
  textEncoder(names: readonly string[], type: string): Promise<TextEncoderModel>
  vae(name: string): Promise<Vae>
  /** Decodes latents of a space [1,C,h,w] for previews, if its tiny autoencoder is there. */
  previewDecoder?(latent: LatentFormat): ((samples: Tensor) => Promise<Tensor>) | undefined
  upscaler(name: string): Promise<UpscaleModel>
  /** `base`: whose difference the file may be. */
  controlnet(name: string, base?: DiffusionModel): Promise<ControlNet>
  vision(name: string): Promise<VisionModel>
  styleModel(name: string): Promise<StyleModel>
  gligen(name: string): Promise<Gligen>
  /** Networks for a UNet's keys and values: see `HypernetworkChange`. */
  hypernetwork(name: string): Promise<Weights>
  modelPatch(name: string): Promise<ModelPatch>
  /** Where the numbers of merged models are kept; without it none can be merged. */
  readonly mergedDir?: string
}
