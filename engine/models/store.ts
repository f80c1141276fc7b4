// The models of this machine as nodes ask for them. Headers are read once a file; sessions open when
// something runs, are shared, and are let go above a memory budget.
import { realpathSync } from 'node:fs'
import { totalmem } from 'node:os'
import type { Provider } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import { openWeights } from '../inference/open-weights.ts'
import { SessionPool } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import type { ExtraModelDirs } from '../library/extra-model-paths.ts'
import { modelFolders } from '../library/model-folders.ts'
import type { Models } from '../nodes/models.ts'
import { openModelPatch } from './blockwise-control.ts'
import { clipTokenizer } from './clip-tokenizer.ts'
import { openControl } from './control-file.ts'
import { checkVae } from './detect.ts'
import { openDiffusersFolder } from './diffusers-folder.ts'
import { familiarVae } from './diffusers-vae-names.ts'
import { UnetModel } from './diffusion-model.ts'
import { openGligen } from './gligen.ts'
import { checkHypernetwork } from './hypernetwork.ts'
import { openLuminaText } from './lumina-text.ts'
import { missingModel } from './missing-model.ts'
import { openQwenText } from './qwen-text.ts'
import { identity } from './recipe.ts'
import { openCheckpoint, openClip, openUnet, type Shared } from './stable-diffusion.ts'
import { openStyleModel } from './style-model.ts'
import { TaesdVae } from './taesd.ts'
import { isTaesd, type TaesdName, taesdFile, taesdLatents, taesdNames } from './taesd-names.ts'
import { tokenizerFile } from './tokenizer-file.ts'
import { transformerCheckpoint, transformerModel } from './transformer-families.ts'
import { openTransformerText } from './transformer-text.ts'
import { TiledUpscaler } from './upscaler.ts'
import { KlVae } from './vae.ts'
import { ClipVision } from './vision.ts'
import { isWanVae, WanVae } from './wan-vae.ts'

export interface ModelStoreOptions {
  /** Roots with ComfyUI's layout, first match wins. */
  modelDirs: string[]
  /** Further folders by kind, as `extra_model_paths.yaml` names them. */
  extraModelDirs?: ExtraModelDirs
  memoryBudgetBytes?: number
  threads?: number
  /** Where networks are computed; the processor by default. */
  provider?: Provider
  gpuBudgetBytes?: number
  /** Where UNets' weights rounded to 8 bits are kept; without it they are computed exactly. */
  int8Dir?: string
  /** Where the numbers of merged models are kept; without it none can be merged. */
  mergedDir?: string
  notice?: (text: string) => void
}

export interface ModelStore extends Models {
  /** Lets go of everything loaded; it loads again by itself. */
  free(): Promise<void>
  /** Weights of all open sessions. */
  bytes(): number
}

/** Headers kept: a few kilobytes to megabytes each. */
const headersMax = 32

export function modelStore(options: ModelStoreOptions): ModelStore {
  const folders = modelFolders({ roots: options.modelDirs, extra: options.extraModelDirs })
  const { threads, provider, gpuBudgetBytes, int8Dir, notice } = options
  const budgetBytes = options.memoryBudgetBytes ?? totalmem() / 2
  const pool = new SessionPool({
    budgetBytes: Math.min(budgetBytes, gpuBudgetBytes ?? budgetBytes),
    threads,
    provider,
    gpuBudgetBytes,
    int8Dir,
    notice,
  })
  const weightsOf = rememberHeaders()
  const tokenizer = () => clipTokenizer(tokenizerFile('clip', 'merges.txt.gz'))

  const path = (folder: string, name: string): string => {
    const found = folders.path(folder, name) ?? folders.path(folder, name.replaceAll('\\', '/'))
    if (!found) throw missingModel(folder, name, folders.list(folder))
    // Deleted since the folder was looked through: said by its name when it is opened.
    return realPath(found)
  }

  /** Embeddings are named without their ending. As in ComfyUI, a prompt goes on without one that is missing or damaged. */
  const embedding = (name: string): Weights | undefined => {
    const names = ['', '.safetensors', '.pt', '.bin'].map(ending => name + ending)
    const found = names.map(n => folders.path('embeddings', n)).find(file => file !== undefined)
    if (!found) {
      // With a comma it may yet be found without.
      if (name.endsWith(',')) return undefined
      notice?.(
        `A prompt names the embedding “${name}”, which is in no embeddings folder: it is left out.`,
      )
      return undefined
    }
    try {
      return weightsOf(found)
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      notice?.(`The embedding “${name}” is left out. ${error.message}`)
      return undefined
    }
  }

  const taesd = (name: TaesdName): TaesdVae => {
    const half = (which: 'encoder' | 'decoder') => {
      const file = taesdFile(folders.list('vae_approx'), name, which)
      return weightsOf(path('vae_approx', file ?? `${name}_${which}.safetensors`))
    }
    const halves = { encoder: half('encoder'), decoder: half('decoder') }
    return new TaesdVae(halves, taesdLatents[name], pool)
  }

  const shared: Shared = { pool, openWeights: weightsOf, tokenizer, embedding }
  return {
    mergedDir: options.mergedDir,
    list: folder => folders.list(folder),
    path,
    async checkpoint(name) {
      const weights = weightsOf(path('checkpoints', name))
      return transformerCheckpoint(weights, shared) ?? openCheckpoint(weights, shared)
    },
    async diffusers(name) {
      return openDiffusersFolder(path('diffusers', name), shared)
    },
    async diffusionModel(name) {
      const weights = weightsOf(path('diffusion_models', name))
      return transformerModel(weights, shared) ?? openUnet(weights, shared)
    },
    async textEncoder(names, type) {
      const files = names.map(name => weightsOf(path('text_encoders', name)))
      if (type === 'flux' || type === 'sd3') return openTransformerText(files, type, shared)
      if (type === 'qwen_image') return openQwenText(files, shared)
      if (type === 'lumina2') return openLuminaText(files, shared)
      if (type !== 'stable_diffusion' && type !== 'sdxl') throw unknownTextEncoder(type)
      return openClip(files, shared)
    },
    async vae(name) {
      if (isTaesd(name) && !folders.path('vae', name)) return taesd(name)
      const weights = familiarVae(weightsOf(path('vae', name)))
      if (isWanVae(weights)) return new WanVae(weights, pool)
      checkVae(weights)
      return new KlVae(weights, pool)
    },
    async controlnet(name, base) {
      const unet = base instanceof UnetModel ? base.base : undefined
      return openControl(weightsOf(path('controlnet', name)), pool, unet)
    },
    previewDecoder({ taesd: name }) {
      const files = folders.list('vae_approx')
      if (!name || !taesdNames(files).includes(name)) return undefined
      const vae = taesd(name)
      return samples => vae.decode(samples)
    },
    async vision(name) {
      return new ClipVision(weightsOf(path('clip_vision', name)), pool)
    },
    async styleModel(name) {
      return openStyleModel(weightsOf(path('style_models', name)), pool)
    },
    async modelPatch(name) {
      return openModelPatch(weightsOf(path('model_patches', name)))
    },
    async gligen(name) {
      return openGligen(weightsOf(path('gligen', name)))
    },
    async hypernetwork(name) {
      return checkHypernetwork(weightsOf(path('hypernetworks', name)))
    },
    async upscaler(name) {
      return new TiledUpscaler(weightsOf(path('upscale_models', name)), pool)
    },
    free: () => pool.free(),
    bytes: () => pool.bytes,
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

const unknownTextEncoder = (type: string) =>
  new ModelError(
    `Text encoders of type "${type}" are not supported by this version. Choose "stable_diffusion", ` +
      '"sdxl", "sd3", "flux", "lumina2" or "qwen_image", or run this workflow on your ComfyUI.',
  )

function rememberHeaders(): (file: string) => Weights {
  const headers = new Map<string, { weights: Weights; identity: string }>()
  return file => {
    const known = headers.get(file)
    if (known && known.identity === identity(known.weights)) return known.weights
    const weights = openWeights(file)
    headers.delete(file)
    headers.set(file, { weights, identity: identity(weights) })
    if (headers.size > headersMax) headers.delete(headers.keys().next().value!)
    return weights
  }
}
