// The models of this machine as nodes ask for them. Headers are read once a file; sessions open when
// something runs, are shared, and are let go above a memory budget.
import { existsSync, realpathSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { openWeights } from '../inference/open-weights.ts'
import { SessionPool } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import type { ExtraModelDirs } from '../library/extra-model-paths.ts'
import { modelFolders } from '../library/model-folders.ts'
import type { Models } from '../nodes/models.ts'
import { discreteSampling } from '../sampling/model-sampling.ts'
import { clipTokenizer } from './clip-tokenizer.ts'
import { type CheckpointFacts, checkVae, detectCheckpoint } from './detect.ts'
import { UnetModel } from './diffusion-model.ts'
import { sd1Latent, starterLatent } from './latent-formats.ts'
import { missingModel } from './missing-model.ts'
import { identity } from './recipe.ts'
import { ClipTextEncoder } from './text-encoder.ts'
import { EsrganModel } from './upscaler.ts'
import { KlVae } from './vae.ts'
import { vaeConfig } from './vae-graph.ts'

export interface ModelStoreOptions {
  /** Roots with ComfyUI's layout, first match wins. */
  modelDirs: string[]
  /** Further folders by kind, as `extra_model_paths.yaml` names them. */
  extraModelDirs?: ExtraModelDirs
  memoryBudgetBytes?: number
  threads?: number
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
  const pool = new SessionPool({
    budgetBytes: options.memoryBudgetBytes ?? totalmem() / 2,
    threads: options.threads,
  })
  const weightsOf = rememberHeaders()
  const tokenizer = () => clipTokenizer(tokenizerFile())

  const path = (folder: string, name: string): string => {
    const found = folders.path(folder, name) ?? folders.path(folder, name.replaceAll('\\', '/'))
    if (!found) throw missingModel(folder, name, folders.list(folder))
    return realpathSync(found)
  }

  /** Embeddings are named without their ending. */
  const embedding = (name: string): Weights | undefined => {
    const names = ['', '.safetensors', '.pt', '.bin'].map(ending => name + ending)
    const found = names.map(n => folders.path('embeddings', n)).find(file => file !== undefined)
    return found ? weightsOf(found) : undefined
  }

  return {
    list: folder => folders.list(folder),
    path,
    async checkpoint(name) {
      const weights = weightsOf(path('checkpoints', name))
      const facts = detectCheckpoint(weights)
      const sampling = discreteSampling(facts.prediction)
      const latent = latentOf(weights, facts)
      const shared = { weights, pool, openWeights: weightsOf }
      return {
        model: new UnetModel({ ...shared, latent, sampling }),
        clip: facts.hasText ? new ClipTextEncoder({ ...shared, tokenizer, embedding }) : undefined,
        vae: facts.hasVae ? new KlVae(weights, pool) : undefined,
      }
    },
    async vae(name) {
      const weights = weightsOf(path('vae', name))
      checkVae(weights)
      return new KlVae(weights, pool)
    },
    async upscaler(name) {
      return new EsrganModel(weightsOf(path('upscale_models', name)), pool)
    },
    free: () => pool.free(),
    bytes: () => pool.bytes,
  }
}

function latentOf(weights: Weights, { family, hasVae }: CheckpointFacts) {
  const format = family === 'starter' ? starterLatent : sd1Latent
  return hasVae ? { ...format, downscale: vaeConfig(weights).downscale } : format
}

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

/** From the source tree and from `dist/` alike: the nearest `resources/` above. */
function tokenizerFile(): string {
  for (let at = import.meta.dirname; ; at = dirname(at)) {
    const file = join(at, 'resources', 'tokenizers', 'clip', 'merges.txt.gz')
    if (existsSync(file)) return file
    if (dirname(at) === at)
      throw new Error('resources/tokenizers is missing: the installation is incomplete, repair it.')
  }
}
