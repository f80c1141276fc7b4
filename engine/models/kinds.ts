// What travels along model-typed links. The sampler sees only these interfaces; what makes the
// numbers (onnxruntime sessions, weights) stays behind them in `models/` and `inference/`.
import type { Tensor } from '../tensor.ts'

/** Facts of a latent space: scale, shift and a cheap projection to colour for previews. */
export interface LatentFormat {
  channels: number
  /** Image pixels per latent pixel, 8 for SD. */
  downscale: number
  /** stored = (vae - shift) * scale */
  scale: number
  shift: number
  /** [channels][3] and bias [3]: latent → RGB in -1..1. */
  rgb: readonly (readonly number[])[]
  rgbBias?: readonly number[]
}

/** How a network's output is read: DDPM epsilon, v-prediction, rectified flow, EDM. */
export type Prediction = 'epsilon' | 'v' | 'flow' | 'edm'

/** The noise schedule the model was trained on. `sigmas` ascend, float32 as in ComfyUI. */
export interface ModelSampling {
  prediction: Prediction
  sigmas: Float32Array
  sigmaMin: number
  sigmaMax: number
  /** σ → the timestep the network expects. */
  timestep(sigma: number): number
  /** timestep → σ, interpolated in log σ. */
  sigma(timestep: number): number
  /** Share of the run 0..1 → σ, as conditioning ranges use it. */
  percentToSigma(percent: number): number
}

/** Residuals that a ControlNet adds: one list per place, last block first in `output`. */
export interface ControlResiduals {
  input?: (Tensor | undefined)[]
  middle?: (Tensor | undefined)[]
  output?: (Tensor | undefined)[]
}

export interface NetworkInput {
  /** [B,C,H,W], already scaled to what the network expects. */
  x: Tensor
  /** [B] */
  timesteps: Float32Array
  /** [B,tokens,width] */
  context: Tensor
  /** [B,A] added to the time embedding (SDXL's adm vector); the starter model's pooled text. */
  y?: Tensor
  control?: ControlResiduals
}

/** A diffusion network ready to run. Blocks the process while it runs; the process may be killed. */
export interface Network {
  forward(input: NetworkInput): Promise<Tensor>
  /** Whether it has a `label_emb`, and how wide its input is. */
  readonly adm: number
}

/** A LoRA applied to a model or text encoder: a runtime branch, so strength costs nothing to change. */
export interface Adapter {
  /** Real path of the file, part of the identity. */
  file: string
  strength: number
}

/** MODEL */
export interface DiffusionModel {
  /** Starts the session on first use, with the adapters given. */
  network(): Promise<Network>
  readonly latent: LatentFormat
  readonly sampling: ModelSampling
  readonly adapters: readonly Adapter[]
  /** A copy with another LoRA on top. Nothing is loaded yet. */
  withAdapter(adapter: Adapter): DiffusionModel
  /** A copy that reads its output on another schedule. */
  withSampling(sampling: ModelSampling): DiffusionModel
  /**
   * What a text's pooled output becomes for this network: SDXL's y with sizes, the starter's
   * pooled state, or nothing. `size` is the picture in pixels.
   */
  admVector(
    conditioning: ConditioningItem,
    size: { width: number; height: number },
  ): Tensor | undefined
}

/** CLIP: everything that turns text into conditioning. */
export interface TextEncoderModel {
  /** -1 = last layer, -2 = one before, as CLIPSetLastLayer counts. */
  readonly stopAtLayer: number | undefined
  withStopAtLayer(layer: number): TextEncoderModel
  withAdapter(adapter: Adapter): TextEncoderModel
  /** Weights `(x:1.2)`, chunks of 75 tokens, embeddings. → cond [1,77·n,width], pooled [1,width]. */
  encode(text: string): Promise<{ cond: Tensor; pooled?: Tensor }>
}

/** VAE. Images [B,H,W,3] in 0..1, latents [B,C,h,w] unscaled: `decode` takes what the sampler gives. */
export interface Vae {
  readonly downscale: number
  readonly latentChannels: number
  /** `progress` is called per image or tile; the signal is looked at between them. */
  decode(latent: Tensor, options?: RunOptions): Promise<Tensor>
  encode(image: Tensor, options?: RunOptions): Promise<Tensor>
}

export interface RunOptions {
  signal?: AbortSignal
  progress?: (done: number, of: number) => void
}

/** UPSCALE_MODEL */
export interface UpscaleModel {
  readonly scale: number
  /** [B,H,W,3] → [B,H·scale,W·scale,3], tiled 512 with overlap 32. */
  upscale(image: Tensor, options?: RunOptions): Promise<Tensor>
}

/** LATENT */
export interface Latent {
  samples: Tensor
  /** [B,h,w] or [h,w] in 0..1: 1 where noise goes. */
  noiseMask?: Tensor
  /** Which image of a larger batch each one is: decides its noise. */
  batchIndex?: number[]
}

/** One entry of CONDITIONING with everything the conditioning nodes may say of it. */
export interface ConditioningItem {
  cond: Tensor
  pooled?: Tensor
  /** In latent pixels, or as shares of the picture. */
  area?: { height: number; width: number; y: number; x: number; unit: 'latent' | 'percent' }
  mask?: Tensor
  maskStrength?: number
  setAreaToBounds?: boolean
  strength?: number
  /** Shares of the run. */
  start?: number
  end?: number
  guidance?: number
  /** What SDXL's text nodes say of the picture's size, by name. */
  sizes?: {
    width?: number
    height?: number
    cropW?: number
    cropH?: number
    targetWidth?: number
    targetHeight?: number
  }
  [key: string]: unknown
}

/** CONDITIONING */
export type Conditioning = readonly ConditioningItem[]
