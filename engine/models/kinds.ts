// What travels along model-typed links. The sampler sees only these interfaces; what makes the
// numbers (onnxruntime sessions, weights) stays behind them in `models/` and `inference/`.
import type { Watch } from '../inference/shared-work.ts'
import type { Weights } from '../inference/weights.ts'
import type { Hooks } from '../sampling/hooks.ts'
import type { ModelPatches } from '../sampling/model-patches.ts'
import type { Tensor } from '../tensor.ts'
import type { ResizeWay } from './graph-resize.ts'
import type { NetworkBase } from './network-base.ts'
import type { ReferenceMethod } from './reference-latents.ts'
import type { SmallPicture } from './small-picture.ts'
import type { TaesdName } from './taesd-names.ts'

/** Facts of a latent space: scale, shift and a cheap projection to colour for previews. */
export interface LatentFormat {
  channels: number
  /** Image pixels per latent pixel, 8 for SD. */
  downscale: number
  /** stored = (vae - shift) * scale */
  scale: number
  shift: number
  /** Of each channel, first of all: (vae - mean) / std. Equal channels without it. */
  perChannel?: { mean: readonly number[]; std: readonly number[] }
  /** [channels][3] and bias [3]: latent → RGB in -1..1. */
  rgb: readonly (readonly number[])[]
  rgbBias?: readonly number[]
  /** The tiny autoencoder of this space, as it is called in `vae_approx`. */
  taesd?: TaesdName
}

/**
 * How a network's output is read: DDPM epsilon, v-prediction, rectified flow, EDM, the picture
 * itself; `lcm` is epsilon of a consistency model, `img2img` the picture from an unscaled input.
 */
export type Prediction = 'epsilon' | 'v' | 'flow' | 'edm' | 'x0' | 'lcm' | 'img2img'

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

/**
 * Residuals that a ControlNet adds, first block first. Of a UNet: `input` to the outcome of each
 * input block, `output` to what skips from it. Of a transformer: to the picture's tokens after each
 * block, those of two streams as `input`, those of one as `output`.
 */
export interface ControlResiduals {
  input?: (Tensor | undefined)[]
  middle?: (Tensor | undefined)[]
  output?: (Tensor | undefined)[]
}

/** Of a transformer: blocks that take residuals, as `ControlResiduals` tells them apart. */
export interface NetworkBlocks {
  input: number
  output: number
  /** Of the residuals. */
  width: number
}

export interface NetworkInput {
  /** [B,C,H,W], already scaled to what the network expects. */
  x: Tensor
  /** [B] */
  timesteps: Float32Array
  /** The noise level that they stand for. */
  sigma?: number
  /** [B,tokens,width] */
  context: Tensor
  /** [B,A] added to the time embedding (SDXL's adm vector); the starter model's pooled text. */
  y?: Tensor
  control?: ControlResiduals
  /** Of the network that is asked, for ControlNets. */
  blocks?: NetworkBlocks
  /** The same: a UNet's weights, for ControlNets that hold only what differs from them. */
  base?: NetworkBase
  /** Left out of the network on purpose, for the worse picture that some guidance keeps away from. */
  without?: Weakening
  /** What `DiffusionModel.extras` made of the conditioning, by name, each [B,…]. */
  extras?: Readonly<Record<string, Tensor>>
  /** Whose layers tell a UNet where the things are that `extras` name. */
  gligen?: Gligen
  /** Is told how much attention each place of a UNet's middle got: mean over heads, summed up. */
  watch?(attention: Tensor): void
}

/** CONTROL_NET: a network that sees a picture and steers another by residuals. */
export interface ControlNet {
  /** Pictures [B,H,W,3] as it sees them, for a latent of this size: [B,C,h,w]. */
  hint(image: Tensor, width: number, height: number, beside?: HintParts): Promise<Tensor>
  /** For an input as the network gets it, with a hint for each of its latents. */
  residuals(input: NetworkInput, hint: Tensor): Promise<ControlResiduals>
  /** Whether it was trained for inpainting, and sees the mask beside the picture. */
  readonly takesMask?: boolean
  /** Of a union: a copy that is told which kind of picture it sees, by number. */
  withType?(type: number | undefined): ControlNet
}

/** What some ControlNets need beside the picture. */
export interface HintParts {
  /** For those that work on latents. */
  vae?: Vae
  /** [B,H,W]: 1 where the picture is kept. */
  keep?: Tensor
}

/** A ControlNet laid on a conditioning, after those that were laid on before. */
export interface Control extends HintParts {
  net: ControlNet
  image: Tensor
  strength: number
  /** Shares of the run. */
  start: number
  end: number
  previous?: Control
}

/** A change to what happens inside a UNet. Several work in the order in which their nodes come. */
export type UnetChange = FreeU | HyperTile | DeepShrink | HypernetworkChange

export interface FreeU {
  kind: 'freeu'
  version: 1 | 2
  /** Of the first and second stage of the way up. */
  backbone: readonly [number, number]
  skip: readonly [number, number]
}

export interface HyperTile {
  kind: 'hypertile'
  /** Least side of a tile, in pixels. */
  tileSize: number
  /** How often the picture may be halved before attention is left whole. */
  maxDepth: number
  /** Whether tiles cover more of the picture there. */
  scaleDepth: boolean
}

/** A smaller picture for the inner blocks, early in the run. */
export interface DeepShrink {
  kind: 'deep shrink'
  /** The input block whose outcome is made smaller. */
  block: number
  /** How many times smaller each side gets. */
  factor: number
  /** Noise levels between which it works: from ≥ σ ≥ to. */
  from: number
  to: number
  /** Whether what skips from the block keeps its size. */
  afterSkip: boolean
  down: ResizeWay
  up: ResizeWay
}

/** A network before the keys and values of attention. */
export interface HypernetworkChange {
  kind: 'hypernetwork'
  /** As `Models.hypernetwork` opens them. */
  weights: Weights
  strength: number
}

/** What the projections of attention are multiplied by, in all layers of a kind. */
export interface AttentionFactors {
  /** A UNet's self- and cross-attention, a CLIP's attention. */
  layers: 'attn1' | 'attn2' | 'self_attn'
  q: number
  k: number
  v: number
  out: number
}

export interface Weakening {
  /** A UNet's middle block: self-attention hands every place its own value. */
  middleAttention?: boolean
  /** A transformer's joint blocks, or those of two streams, by number. */
  blocks?: readonly number[]
  /** Those of one stream. */
  singleBlocks?: readonly number[]
}

/** A diffusion network ready to run. Blocks the process while it runs; the process may be killed. */
export interface Network {
  forward(input: NetworkInput): Promise<Tensor>
  /** Whether it has a `label_emb`, and how wide its input is. */
  readonly adm: number
  /** Where ControlNets may add residuals. */
  readonly blocks?: NetworkBlocks
  /** Of a UNet. */
  readonly base?: NetworkBase
}

/** What a run starts from, as far as a network that sees the picture must know it. */
export interface NoisedLatent {
  /** [B,C,h,w], scaled as the sampler sees it. */
  samples: Tensor
  noiseMask?: Tensor
  /** Of the run, for what else is drawn. */
  seed?: bigint
}

/** A LoRA applied to a model or text encoder: a runtime branch, so strength costs nothing to change. */
export interface Adapter {
  /** Real path of the file, part of the identity. */
  file: string
  strength: number
  /** It is no LoRA but a model of the same family, which takes the first one's place at strength 1. */
  whole?: boolean
}

/** MODEL */
export interface DiffusionModel {
  /**
   * Starts the session on first use, with the adapters given. `latent`: shape of the latents that it
   * will mostly see, […,h,w]. It decides how the network is computed, not what comes out. `watch` is
   * told while weights are rounded to 8 bits, which takes seconds, once a model.
   */
  network(latent?: readonly number[], watch?: Watch): Promise<Network>
  readonly latent: LatentFormat
  readonly sampling: ModelSampling
  /** Changes to guidance and masks; `withPatches` makes a copy with others. */
  readonly patches?: ModelPatches
  readonly adapters: readonly Adapter[]
  /** A copy with another LoRA on top. Nothing is loaded yet. */
  withAdapter(adapter: Adapter): DiffusionModel
  /** Layers of a LoRA's file that this model has no place for. */
  unusedLayers?(file: string): readonly string[]
  /** What is odd about its file, in words, though it runs. */
  readonly notes?: readonly string[]
  /** A copy with one more change inside its network. UNets have it. */
  withChange?(change: UnetChange): DiffusionModel
  /** A copy whose attention is multiplied. UNets have it. */
  withFactors?(factors: AttentionFactors): DiffusionModel
  /** A copy with one more model patch between its blocks. Qwen-Image has it. */
  withBlockwise?(control: BlockwiseControl): DiffusionModel
  /** What its network is made of, LoRAs included. */
  readonly base?: NetworkBase
  /**
   * A copy with other weights of the same layout in the place of all that `base` has: the file's, LoRAs
   * and factors of attention. What is changed inside the network stays.
   */
  withWeights?(weights: Weights): DiffusionModel
  /** A copy that reads its output on another schedule. */
  withSampling(sampling: ModelSampling): DiffusionModel
  /**
   * What a text's pooled output becomes for this network: SDXL's y with sizes, the starter's
   * pooled state, or nothing. `size` is the picture in pixels; `side` of the guidance matters to
   * SDXL's refiner; what unCLIP draws follows from the run's `seed`.
   */
  admVector(
    conditioning: ConditioningItem,
    size: { width: number; height: number },
    side?: 'positive' | 'negative',
    seed?: bigint,
  ): Tensor | undefined
  /**
   * Channels that join the latent [B,C,h,w] on its way into the network, [1 or B,c,h,w]: an
   * inpainting UNet's mask and masked picture, the picture that instruct-pix2pix edits.
   */
  joined?(conditioning: ConditioningItem, latent: NoisedLatent): Tensor | undefined
  /** Further inputs of this network from a conditioning, such as Flux's guidance: [1 or B,…]. */
  extras?(
    conditioning: ConditioningItem,
    size: { width: number; height: number },
  ): Record<string, Tensor>
  /** Whether its network can be asked without some of its blocks. */
  readonly skipsBlocks?: boolean
  /** Text and picture attend to one another, so repeating text would change its share. */
  readonly jointAttention?: boolean
}

/** One of the encoders that a CLIP is made of. */
export interface EncoderPart {
  /** `clip_l`, `t5xxl` …, as files call it. */
  name: string
  base: NetworkBase
  /** How the names of its tensors begin. */
  prefix: string
}

/** CLIP: everything that turns text into conditioning. */
export interface TextEncoderModel {
  /** What it is made of, LoRAs included, for merging and saving. */
  readonly encoderParts?: readonly EncoderPart[]
  /** A copy with other weights, by the encoder's name, in the place of all that its parts' `base` has. */
  withWeights?(weights: ReadonlyMap<string, Weights>): TextEncoderModel
  /** Does beforehand what the first prompt would wait for. */
  ready?(watch?: Watch): Promise<void>
  /** -1 = last layer, -2 = one before, as CLIPSetLastLayer counts. */
  readonly stopAtLayer: number | undefined
  withStopAtLayer(layer: number): TextEncoderModel
  withAdapter(adapter: Adapter): TextEncoderModel
  /** A copy whose attention is multiplied. CLIPs have it. */
  withFactors?(factors: AttentionFactors): TextEncoderModel
  /** A copy that fills prompts up otherwise. Those with T5 have it. */
  withFilling?(filling: Filling): TextEncoderModel
  /** Layers of a LoRA's file that no encoder has a place for. */
  unusedLayers?(file: string): readonly string[]
  /** Weights `(x:1.2)`, chunks of 75 tokens, embeddings. → cond [1,77·n,width], pooled [1,width]. */
  encode(text: string | PromptParts): Promise<{ cond: Tensor; pooled?: Tensor }>
  /** Of an encoder that changes in the course of a run: what it reads in each stretch of it. */
  encodeInTime?(text: string | PromptParts): Promise<ConditioningItem[]>
  /**
   * A prompt about pictures [1,H,W,3], which the encoder sees where the text says `pictureSign`. For
   * encoders that can see only.
   */
  encodeSeeing?(text: string, pictures: readonly Tensor[]): Promise<{ cond: Tensor }>
}

/** Empty tokens behind a prompt: so many at least, and up to a length. */
export interface Filling {
  padding: number
  length: number
}

/** A prompt of its own for each encoder of several, by the encoder: `l`, `g`, `t5xxl` … */
export type PromptParts = Readonly<Record<string, string>>

/** VAE. Images [B,H,W,3] in 0..1, latents [B,C,h,w] unscaled: `decode` takes what the sampler gives. */
export interface Vae {
  /** Its tensors, and how their names begin. */
  readonly stored?: { weights: Weights; prefix: string }
  readonly downscale: number
  readonly latentChannels: number
  /** `progress` is called per image or tile; the signal is looked at between them. */
  decode(latent: Tensor, options?: VaeOptions): Promise<Tensor>
  encode(image: Tensor, options?: VaeOptions): Promise<Tensor>
}

export interface RunOptions {
  signal?: AbortSignal
  progress?: (done: number, of: number) => void
}

export interface VaeOptions extends RunOptions {
  /** Cuts the picture into tiles of this size, three ways over. In image pixels. */
  tiles?: { size: number; overlap: number }
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

/** CLIP_VISION_OUTPUT */
export interface VisionOutput {
  /** [B,projected]. SigLIP has none. */
  embeds?: Tensor
  /** Tokens [B,patches,width], CLIP's after one for the whole picture, after the last layer and the one before it. */
  last: Tensor
  penultimate: Tensor
}

/** CLIP_VISION */
export interface VisionModel {
  encode(image: Tensor, crop: 'center' | 'none'): Promise<VisionOutput>
}

/** GLIGEN: layers for a UNet of SD 1.x that tell it where things are. */
export interface Gligen {
  /** Real path of the file. */
  readonly file: string
}

/** MODEL_PATCH: layers between a diffusion transformer's blocks, of a file of their own. */
export interface ModelPatch {
  /** Real path of the file. */
  readonly file: string
}

/** A picture that a model patch sees, laid on a model. */
export interface BlockwiseControl {
  patch: ModelPatch
  vae: Vae
  image: Tensor
  /** 1 where the picture is drawn anew; for patches that were made for inpainting. */
  mask?: Tensor
  strength: number
}

/** A text's place in the picture, in latent pixels. */
export interface GligenBox {
  /** [1,width] */
  pooled: Tensor
  x: number
  y: number
  width: number
  height: number
}

/** A picture that an unCLIP model sees beside the prompt. */
export interface UnclipPicture {
  /** [B,width] */
  embeds: Tensor
  strength: number
  /** Share of noise on it, 0..1. */
  noiseAugmentation: number
}

/** STYLE_MODEL: makes tokens of a prompt from what a vision model says of a picture. */
export interface StyleModel {
  /** [B,n,width] */
  tokens(seen: VisionOutput): Promise<Tensor>
}

/** Tokens of a text that the others look at more or less than they would. */
export interface TokenWeight {
  start: number
  length: number
  /** What their share of attention is multiplied by, before shares are made to add up to 1. */
  factor: number
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
  /** LoRAs that are on the model for this prompt only. */
  hooks?: Hooks
  /** Shares of the run. */
  start?: number
  end?: number
  /** The same of a text encoder that was changed only then; both must hold. */
  textRange?: { start: number; end: number }
  /** Acts only where the masks and areas of the others leave room. */
  fallback?: boolean
  /** Flux is told it; null = not told. */
  guidance?: number | null
  unclip?: readonly UnclipPicture[]
  /** Texts that have a place of their own in the picture. */
  gligen?: { model: Gligen; boxes: readonly GligenBox[] }
  /** Transformers that know no such thing leave it out. */
  tokenWeights?: readonly TokenWeight[]
  /** Pictures that an edit model sees beside the one it draws, unscaled. */
  referenceLatents?: readonly Tensor[]
  /** How the network is to tell them apart, where it knows several ways. */
  referenceMethod?: ReferenceMethod
  control?: Control
  /** What ControlNets read instead of `cond`, [1,tokens,width]. */
  controlText?: Tensor
  /** Whether the other side of the guidance, where it has none, gets the same `control`. */
  controlBoth?: boolean
  /** What SDXL's text nodes say of the picture's size, by name. */
  sizes?: {
    width?: number
    height?: number
    cropW?: number
    cropH?: number
    targetWidth?: number
    targetHeight?: number
  }
  /** How pretty the picture is said to be, 0..10: SDXL's refiner was trained with it. */
  aestheticScore?: number
  /** The picture that the network sees beside the latent, unscaled, and where it is to be redrawn. */
  joinedLatent?: Tensor
  joinedMask?: Tensor
  /** The picture that an upscaler enlarges. */
  smallPicture?: SmallPicture
  [key: string]: unknown
}

/** CONDITIONING */
export type Conditioning = readonly ConditioningItem[]
