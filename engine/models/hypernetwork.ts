// Hypernetworks: small networks before the keys and values of a UNet's attention, one pair for each
// width of what is attended to. x + strength · network(x). The files are AUTOMATIC1111's.
import { basename } from 'node:path'
import { Layers } from '../inference/layers.ts'
import { ModelError } from '../inference/model-error.ts'
import { DataType, type OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { type Weights, weight } from '../inference/weights.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { HypernetworkChange } from './kinds.ts'
import type { UnetHooks } from './unet-changes.ts'

/** By the names that files have; `swish` is torch's Hardswish there. */
const activations: Record<string, string | undefined> = {
  elu: 'Elu',
  gelu: 'Gelu',
  hardswish: 'HardSwish',
  leakyrelu: 'LeakyRelu',
  mish: 'Mish',
  relu: 'Relu',
  selu: 'Selu',
  sigmoid: 'Sigmoid',
  softplus: 'Softplus',
  softsign: 'Softsign',
  swish: 'HardSwish',
  tanh: 'Tanh',
}

/** Keys, then values. */
const places = { k: 0, v: 1 } as const

const layerName = /^(\d+)\.[01]\.linear(?:\.(\d+)|(\d))\.weight$/

/** @throws ModelError if the file is none, or holds what cannot be computed. */
export function checkHypernetwork(weights: Weights): Weights {
  const widths = new Set([...weights.tensors.keys()].map(name => layerName.exec(name)?.[1]))
  widths.delete(undefined)
  if (widths.size === 0)
    throw new ModelError(
      `${basename(weights.file)} is no hypernetwork. Choose a file that was trained as one in ` +
        'Stable Diffusion web UI, or use the loader for its kind.',
    )
  activationOf(weights)
  for (const width of widths)
    for (const place of [0, 1])
      if (stackOf(weights, `${width}.${place}`).length === 0)
        // The other of the pair has none: name what is missing.
        weight(weights, `${width}.${place}.linear.0.weight`)
  return weights
}

/** `name` begins the name of its input. */
export function installHypernetwork(graph: OnnxGraph, name: string, weights: Weights): UnetHooks {
  const layers = new Layers(graph, weights)
  const strength = graph.input(`${name}.strength`, DataType.float, [])
  return {
    attended(context, width, part) {
      const stack = stackOf(weights, `${width}.${places[part]}`)
      if (stack.length === 0) return context
      return layers.add(context, graph.op('Mul', [computed(layers, stack, context), strength]))
    },
  }
}

export const hypernetworkFeeds = (
  name: string,
  { strength }: HypernetworkChange,
): Record<string, Tensor> => ({ [`${name}.strength`]: tensor([], Float32Array.of(strength)) })

/** Keys of the layers in order, as `320.0.linear.3`; `linear1`, `linear2` in the oldest files. */
function stackOf({ tensors }: Weights, at: string): string[] {
  return [...tensors.keys()]
    .filter(name => name.startsWith(`${at}.`))
    .flatMap(name => {
      const found = layerName.exec(name)
      return found
        ? [{ key: name.slice(0, -'.weight'.length), n: Number(found[2] ?? found[3]) }]
        : []
    })
    .sort((a, b) => a.n - b.n)
    .map(({ key }) => key)
}

/** Linear layers with an activation after each, and normalisation where the file has it. */
function computed(layers: Layers, stack: readonly string[], x: Value): Value {
  const { weights, graph } = layers
  const activation = activationOf(weights)
  const isLinear = (key: string) => layers.shape(`${key}.weight`).length === 2
  const last = stack.findLast(isLinear)
  const activatesLast = weights.metadata.activate_output !== 'false'
  for (const key of stack)
    if (!isLinear(key)) x = layers.layerNorm(x, key)
    else {
      x = layers.linear(x, key)
      if (activation && (key !== last || activatesLast)) x = graph.op(activation, [x])
    }
  return x
}

/** The operator; undefined for none. */
function activationOf({ metadata, file }: Weights): string | undefined {
  const name = metadata.activation_func?.toLowerCase() ?? 'linear'
  if (name === 'linear' || name === 'null') return undefined
  const operator = activations[name]
  if (operator) return operator
  throw new ModelError(
    `${basename(file)} was trained with the activation "${name}", which is not supported here. ` +
      `Supported are ${Object.keys(activations).join(', ')}.`,
  )
}
