// A whole model laid on another as LoRAs are: w + strength·(w₂ − w) for every weight w that the second
// has as well. Nothing is written out: both files are read where they lie, each time the network runs,
// so the strength stays an input of the graph.
import { basename } from 'node:path'
import { ModelError } from '../inference/model-error.ts'
import { isFloating } from '../inference/narrow.ts'
import { isBesideWeights } from '../inference/weight-scales.ts'
import type { Weight, Weights } from '../inference/weights.ts'
import { clipConfig, clipPrefixes } from './clip.ts'
import type { TensorChange } from './lora-changes.ts'
import { addScaled } from './lora-parts.ts'
import { t5Prefix } from './t5.ts'
import { familiarNames, partOf } from './tensor-names.ts'
import { diffusionPrefix, withDiffusionPrefix } from './transformer.ts'

/** What of a model is changed. */
export type ModelPart = 'network' | 'text'

/** A network's tensors in a file: those whose names begin so. */
interface Part {
  kind: string
  weights: Weights
  prefix: string
}

/** Positions are counted, not learnt; the scale is of training alone. */
const unlearnt = /(^|\.)(position_ids|logit_scale)$/

/** The first layer of networks that see a picture beside the latent has more channels. */
const seesMore = 'input_blocks.0.0.weight'

/**
 * The changes that make a model's tensors another's, by the first one's tensor names. Text encoders
 * that the other file lacks stay as they are.
 * @throws ModelError that names both files and the first tensor that does not fit
 */
export function modelChanges(
  file: Weights,
  model: Weights,
  part: ModelPart,
): Map<string, TensorChange> {
  const parts = part === 'network' ? networkOf : textsOf
  const changes = new Map<string, TensorChange>()
  const theirs = parts(file)
  for (const ours of parts(model)) {
    const match = theirs.find(({ kind }) => kind === ours.kind)
    if (match) addChanges(changes, ours, match)
  }
  return changes
}

const networkOf = (file: Weights): Part[] => [
  { kind: 'network', weights: withDiffusionPrefix(familiarNames(file)), prefix: diffusionPrefix },
]

function textsOf(file: Weights): Part[] {
  const whole = familiarNames(file)
  const inside = ['clip_l', 'clip_g'].map(name =>
    partOf(file, `text_encoders.${name}.transformer.`),
  )
  const clips = [whole, ...inside].flatMap(weights =>
    clipPrefixes(weights).map(prefix => {
      const { kind } = clipConfig(weights, prefix)
      return { kind: `clip_${kind}`, weights, prefix }
    }),
  )
  const t5 = t5Prefix(whole)
  return t5 === undefined ? clips : [...clips, { kind: 't5', weights: whole, prefix: t5 }]
}

function addChanges(changes: Map<string, TensorChange>, ours: Part, theirs: Part): void {
  let matched = 0
  let lacking: string | undefined
  let missed = 0
  for (const [name, weight] of ours.weights.tensors) {
    const other = nameIn(theirs, name, ours)
    if (other === undefined || !isFloating(weight.type)) continue
    if (isBesideWeights(name) || unlearnt.test(name)) continue
    const found = theirs.weights.tensors.get(other)
    if (!found) {
      lacking ??= name
      missed++
      continue
    }
    matched++
    if (fits(weight, found, name, ours.weights, theirs.weights))
      changes.set(name, towards(name, theirs.weights, other))
  }
  if (matched <= missed && lacking !== undefined)
    throw unlike(ours.weights, theirs.weights, `it has no tensor "${inner(lacking)}"`)
}

/** A tensor's name in another file; undefined for one that belongs to something else. */
function nameIn(theirs: Part, name: string, ours: Part): string | undefined {
  if (name.startsWith(ours.prefix)) return theirs.prefix + name.slice(ours.prefix.length)
  // The projection of a CLIP lies beside the encoder.
  const [beside, other] = [ours, theirs].map(({ prefix }) => prefix.replace(/text_model\.$/, ''))
  return name.startsWith(`${beside}text_projection`)
    ? other + name.slice(beside!.length)
    : undefined
}

function fits(
  weight: Weight,
  other: Weight,
  name: string,
  ours: Weights,
  theirs: Weights,
): boolean {
  const [one, two] = [weight, other].map(({ shape }) => shape.join().replace(/(,1)+$/, ''))
  if (one === two) return true
  if (name === diffusionPrefix + seesMore && weight.shape[0] === other.shape[0]) return false
  const said = ({ shape }: Weight) => `[${shape.join(', ')}]`
  const what = `"${inner(name)}" is ${said(other)} in it and ${said(weight)} there`
  throw unlike(ours, theirs, what)
}

const inner = (name: string): string =>
  name.startsWith(diffusionPrefix) ? name.slice(diffusionPrefix.length) : name

const unlike = (ours: Weights, theirs: Weights, what: string): ModelError =>
  new ModelError(
    `${basename(theirs.file)} cannot be laid on ${basename(ours.file)}: ${what}. Choose a checkpoint ` +
      'of the same family.',
  )

/** From a tensor `name` to the tensor `other` of another file. */
function towards(name: string, to: Weights, other: string): TensorChange {
  const target = to.tensors.get(other)!
  return {
    fold: folding => {
      const { layers, shape } = folding
      const { graph } = layers
      const whole = layers.unchanged(to, other)
      const shaped =
        target.shape.join() === shape.join()
          ? whole
          : graph.op('Reshape', [whole, graph.ints(shape)])
      return addScaled(folding, graph.op('Sub', [shaped, layers.unchanged(layers.weights, name)]))
    },
    rows: (folding, read) => {
      const { layers } = folding
      const own = read(layers.weights.tensors.get(name)!)
      return addScaled(folding, layers.graph.op('Sub', [read(target), own]))
    },
  }
}
