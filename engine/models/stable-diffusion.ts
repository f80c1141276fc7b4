// Files of the Stable Diffusion UNets, opened: a checkpoint with all its parts, a UNet alone, text
// encoders alone.
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import type { SessionPool } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import type { Checkpoint } from '../nodes/models.ts'
import { clipConfig, clipPrefixes } from './clip.ts'
import type { ClipTokenizer } from './clip-tokenizer.ts'
import { detectCheckpoint, detectUnet } from './detect.ts'
import { UnetModel } from './diffusion-model.ts'
import type { DiffusionModel, TextEncoderModel } from './kinds.ts'
import { checkLayout, unknownTensors } from './layout.ts'
import { unetLayout, upscalerUnetLayout } from './layouts-diffusion.ts'
import { familiarNames } from './tensor-names.ts'
import { ClipTextEncoder, type ClipTower, clipTowers } from './text-encoder.ts'
import { diffusionPrefix } from './transformer.ts'
import { unclipStatistics } from './unclip.ts'
import { type UnetFacts, unetLatent, unetSampling } from './unet-family.ts'
import { KlVae } from './vae.ts'
import { vaeConfig } from './vae-graph.ts'
import { ClipVision } from './vision.ts'
import { unclipVision } from './vision-names.ts'

/** What every model of a store shares. */
export interface Shared {
  pool: SessionPool
  openWeights: (file: string) => Weights
  tokenizer: () => ClipTokenizer
  embedding: (name: string) => Weights | undefined
}

/** @throws ModelError that says what the file is, if it is none. */
export function openCheckpoint(file: Weights, shared: Shared): Checkpoint {
  const weights = familiarNames(file)
  const { unet, hasText, hasVae } = detectCheckpoint(weights)
  const downscale = hasVae ? vaeConfig(weights).downscale : undefined
  return {
    model: unetModel(weights, unet, shared, downscale),
    clip: hasText ? new ClipTextEncoder({ ...shared, towers: clipTowers(weights) }) : undefined,
    vae: hasVae ? new KlVae(weights, shared.pool) : undefined,
    vision: unet.unclip ? new ClipVision(unclipVision(weights), shared.pool) : undefined,
  }
}

/** @throws ModelError that says what the file is, if it is none. */
export function openUnet(file: Weights, shared: Shared): DiffusionModel {
  const weights = familiarNames(file)
  return unetModel(weights, detectUnet(weights), shared)
}

function unetModel(
  weights: Weights,
  facts: UnetFacts,
  { pool, openWeights }: Shared,
  downscale?: number,
): DiffusionModel {
  const format = unetLatent(facts)
  const layout = facts.joins === 'small picture' ? upscalerUnetLayout : unetLayout
  const unknown = checkLayout(weights, diffusionPrefix, layout)
  return new UnetModel({
    weights,
    pool,
    openWeights,
    joins: facts.joins,
    unclip: facts.unclip ? unclipStatistics(weights) : undefined,
    notes: unknownTensors(weights, unknown),
    sampling: unetSampling(weights, facts),
    latent: downscale ? { ...format, downscale } : format,
  })
}

/**
 * CLIP from files of its own: one, read as its family does, or SDXL's two in either order.
 * @throws ModelError that names the file that does not fit.
 */
export function openClip(files: readonly Weights[], shared: Shared): TextEncoderModel {
  const towers = files.flatMap(file => towersOf(file, files.length > 1))
  const kinds = towers.map(({ config }) => config.kind).sort()
  if (files.length > 1 && kinds.join() !== 'g,l')
    throw new ModelError(
      `SDXL needs CLIP-L and CLIP-G; ${files.map(({ file }) => basename(file)).join(' and ')} are ` +
        `${kinds.map(kind => kindNames[kind]).join(' and ')}. Choose one file of each.`,
    )
  // CLIP-L comes first in the conditioning.
  towers.sort((a, b) => b.config.kind.localeCompare(a.config.kind))
  return new ClipTextEncoder({ ...shared, towers })
}

const kindNames = { l: 'CLIP-L', g: 'CLIP-G', h: 'CLIP-H' }

function towersOf(file: Weights, sdxl: boolean): ClipTower[] {
  const weights = familiarNames(file)
  const prefixes = clipPrefixes(weights)
  if (prefixes.length === 0)
    throw new ModelError(
      `${basename(file.file)} holds no CLIP text encoder. Choose one such as clip_l.safetensors or ` +
        'clip_g.safetensors.',
    )
  if (!sdxl) return clipTowers(weights)
  return prefixes.map(prefix => ({ weights, config: clipConfig(weights, prefix, true) }))
}
