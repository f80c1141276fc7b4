// Deep shrink: early in a run the UNet's inner blocks see a smaller picture, so that large pictures
// get one subject instead of many. The way up is as large again as what skips. The idea is Kohya's:
// https://gist.github.com/kohya-ss/3f774da220df102548093a7abc8538ed
import type { Layers } from '../inference/layers.ts'
import { DataType, type Value } from '../inference/onnx-graph.ts'
import { type Tensor, tensor } from '../tensor.ts'
import { resized, sizeOf } from './graph-resize.ts'
import type { ControlResiduals, DeepShrink } from './kinds.ts'
import type { UnetHooks } from './unet-changes.ts'

/** Whether it works at a noise level; where that is not known it does. */
export const shrinksAt = ({ from, to }: DeepShrink, sigma: number | undefined): boolean =>
  sigma === undefined || (sigma <= from && sigma >= to)

export function installDeepShrink({ graph }: Layers, name: string, shrink: DeepShrink): UnetHooks {
  const factor = graph.input(`${name}.factor`, DataType.float, [])
  const smaller = (h: Value, block: number): Value => {
    if (block !== shrink.block) return h
    const size = graph.op('Cast', [sizeOf(graph, h)], { to: DataType.float })
    const rounded = graph.op('Round', [graph.op('Mul', [size, factor])])
    const least = graph.op('Max', [rounded, graph.scalar(1)])
    const to = graph.op('Cast', [least], { to: DataType.int64 })
    return resized(graph, h, to, shrink.down)
  }
  return {
    [shrink.afterSkip ? 'afterSkip' : 'beforeSkip']: smaller,
    join: (h, skip) => [resized(graph, h, sizeOf(graph, skip), shrink.up), skip],
  }
}

export const deepShrinkFeeds = (name: string, { factor }: DeepShrink): Record<string, Tensor> => ({
  [`${name}.factor`]: tensor([], Float32Array.of(1 / factor)),
})

/** A ControlNet's residuals that fit: those for the smaller picture are left out. */
export function controlBeforeShrink(
  { input = [], output = [] }: ControlResiduals,
  { block, afterSkip }: DeepShrink,
): ControlResiduals {
  return {
    input: input.slice(0, block + 1),
    output: output.slice(0, afterSkip ? block + 1 : block),
  }
}
