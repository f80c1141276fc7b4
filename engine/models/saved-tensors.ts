// Which tensors go into a file when a model, text encoder or VAE is saved, and under which names: those
// of the published checkpoints, which ComfyUI and others read. Changes are folded in and rounded once,
// to the type that the tensor had; what nothing changes is copied as it is.

import { ModelError } from '../inference/model-error.ts'
import { narrowed } from '../inference/narrow.ts'
import { storedBytes, type TensorToWrite } from '../inference/safetensors-writer.ts'
import { isBesideWeights } from '../inference/weight-scales.ts'
import type { Weights, WeightType } from '../inference/weights.ts'
import type { DiffusionModel, EncoderPart, TextEncoderModel, Vae } from './kinds.ts'
import { LaidWeights } from './laid-weights.ts'
import type { NetworkBase } from './network-base.ts'
import { openClipSource } from './open-clip-names.ts'
import { diffusionPrefix } from './transformer.ts'

/** A tensor's name in the new file; undefined leaves it out. */
type Naming = (name: string) => string | undefined

/** Tensors beside a UNet that say how it is to be used. */
const besideNetwork = /^noise_augmentor\./

export function modelTensors({ base, sampling }: DiffusionModel): TensorToWrite[] {
  if (!base)
    throw new ModelError('This model cannot be saved: it is not made of tensors of a file.')
  const own = (name: string) => name.startsWith(diffusionPrefix) || besideNetwork.test(name)
  const tensors = tensorsOf(base, name => (own(name) ? name : undefined))
  if (sampling.prediction !== 'v') return tensors
  // As ComfyUI marks them: files do not say otherwise how their answer is meant.
  const marks = sampling.sigmaMax > zeroTerminalSigma ? ['v_pred', 'ztsnr'] : ['v_pred']
  return [...tensors, ...marks.map(mark)]
}

/** Schedules without an end have no more noise than this. */
const zeroTerminalSigma = 1000

const mark = (name: string): TensorToWrite => ({ name, type: 'F32', shape: [0], bytes: () => [] })

/** A text encoder's tensors for a file of its own, which has one encoder. */
export function encoderTensors({ base, prefix }: EncoderPart): TensorToWrite[] {
  return tensorsOf(base, name => under(name, prefix)?.replace(/^transformer\./, ''))
}

/** @throws ModelError if the text encoder is of a kind that no checkpoint holds */
export function checkpointEncoders(clip: TextEncoderModel, model: DiffusionModel): TensorToWrite[] {
  const parts = partsOf(clip)
  const names = parts.map(({ name }) => name)
  if (model.jointAttention || names.includes('t5xxl'))
    return parts.flatMap(({ name, base, prefix }) =>
      tensorsOf(base, prefixed(prefix, `text_encoders.${name}.transformer.`)),
    )
  if (names.join() === 'clip_l') return named(parts[0]!, 'cond_stage_model.transformer.')
  if (names.join() === 'clip_h') return openClip(parts[0]!, 'cond_stage_model.model.')
  return parts.flatMap((part, i) =>
    part.name === 'clip_g'
      ? openClip(part, `conditioner.embedders.${i}.model.`)
      : named(part, `conditioner.embedders.${i}.transformer.`),
  )
}

/** @throws ModelError for text encoders that cannot be saved */
export function partsOf({ encoderParts }: TextEncoderModel): readonly EncoderPart[] {
  if (encoderParts?.length) return encoderParts
  throw new ModelError(
    'This text encoder cannot be saved: only CLIP and T5 can. Its own file can be copied as it is.',
  )
}

/** @param to what names begin with instead */
export function vaeTensors({ stored }: Vae, to = ''): TensorToWrite[] {
  if (!stored)
    throw new ModelError('This VAE cannot be saved: it is two files. Copy them as they are.')
  const { weights, prefix } = stored
  return tensorsOf(plain(weights), prefixed(prefix, to))
}

/** Where checkpoints of a family keep their VAE. */
export const vaePrefix = ({ latent }: DiffusionModel): string =>
  latent.channels === 4 || latent.taesd === 'taesd3' ? 'first_stage_model.' : 'vae.'

const plain = (weights: Weights): NetworkBase => ({
  weights,
  key: '',
  branches: () => [],
  strengths: {},
})

const named = ({ base, prefix }: EncoderPart, to: string) => tensorsOf(base, prefixed(prefix, to))

const under = (name: string, prefix: string): string | undefined =>
  name.startsWith(prefix) ? name.slice(prefix.length) : undefined

const prefixed =
  (from: string, to: string): Naming =>
  name => {
    const inner = under(name, from)
    return inner === undefined ? undefined : to + inner
  }

function tensorsOf(base: NetworkBase, nameOf: Naming): TensorToWrite[] {
  const laid = new LaidWeights(base)
  return [...base.weights.tensors].flatMap(([source, { shape }]) => {
    const name = nameOf(source)
    if (name === undefined || isFolded(laid, source)) return []
    return { name, shape, type: typeOf(laid, source), bytes: () => bytesOf(laid, source) }
  })
}

/** SD2's and SDXL's larger text encoders go by OpenCLIP's names, where some tensors are one. */
function openClip({ base, prefix }: EncoderPart, to: string): TensorToWrite[] {
  const laid = new LaidWeights(base)
  const groups = new Map<string, string[]>()
  const turned = new Set<string>()
  for (const source of base.weights.tensors.keys()) {
    const inner = under(source, prefix)
    const target = inner === undefined ? undefined : openClipSource(inner)
    if (!target || isFolded(laid, source)) continue
    const group = groups.get(to + target.name) ?? []
    group[target.place] = source
    groups.set(to + target.name, group)
    if (target.turned) turned.add(to + target.name)
  }
  return [...groups].map(([name, sources]) => {
    const type = typeOf(laid, sources[0]!)
    const [rows = 0, ...rest] = base.weights.tensors.get(sources[0]!)!.shape
    if (turned.has(name))
      return { name, type, shape: [...rest, rows], bytes: () => turnedBytes(laid, sources[0]!) }
    const shape = base.weights.tensors.get(sources[0]!)!.shape.length
      ? [rows * sources.length, ...rest]
      : []
    const bytes = async function* () {
      for (const source of sources) yield* bytesOf(laid, source)
    }
    return { name, type, shape, bytes }
  })
}

/** Whether something may have been computed with it: then numbers beside 8-bit weights are folded in. */
const mayChange = (laid: LaidWeights): boolean =>
  !laid.isPlain || laid.base.weights.made !== undefined

const isFolded = (laid: LaidWeights, name: string): boolean =>
  isBesideWeights(name) && mayChange(laid)

function typeOf(laid: LaidWeights, name: string): WeightType {
  // Without the number beside it, a weight in 8 bits would lose most of them.
  return laid.scaleName(name) !== undefined && mayChange(laid) ? 'BF16' : laid.type(name)
}

async function* bytesOf(laid: LaidWeights, name: string): AsyncIterable<Uint8Array> {
  const folds = laid.scaleName(name) !== undefined && mayChange(laid)
  const values = folds ? await laid.values(name) : await laid.changed(name)
  if (values) yield narrowed(values, typeOf(laid, name))
  else yield* storedBytes(laid.base.weights.tensors.get(name)!)
}

/** [a,b] as [b,a]. */
async function* turnedBytes(laid: LaidWeights, name: string): AsyncIterable<Uint8Array> {
  const [rows, columns] = laid.base.weights.tensors.get(name)!.shape as [number, number]
  const values = await laid.values(name)
  const turned = values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!)
  yield narrowed(turned, typeOf(laid, name))
}
