// A network's weights as it computes with them: what a file holds, with LoRAs and factors laid on. For
// merging and saving, which need the numbers themselves; running a network does without them.
import { Layers, profiles } from '../inference/layers.ts'
import { DataType, OnnxGraph } from '../inference/onnx-graph.ts'
import { openSession } from '../inference/session.ts'
import { readFloats, type Weight, type WeightType, weight } from '../inference/weights.ts'
import { tensor } from '../tensor.ts'
import type { NetworkBase } from './controlnet-base.ts'

/** Names of what 8-bit weights are multiplied by, and of what else belongs to them. */
const scaleEnds = ['scale_weight', 'weight_scale']

/** The numbers beside 8-bit weights, and marks that they are there. */
export const isBesideWeights = (name: string): boolean =>
  /(^|\.)(scale_weight|weight_scale|scale_input|input_scale|scaled_fp8|comfy_quant)$/.test(name)

export class LaidWeights {
  readonly base: NetworkBase
  private branches: ReturnType<NetworkBase['branches']> | undefined

  constructor(base: NetworkBase) {
    this.base = base
  }

  /** Whether anything may be laid on. */
  get isPlain(): boolean {
    return this.all.length === 0
  }

  /** The type that a tensor has in its file. */
  type(name: string): WeightType {
    const { weights } = this.base
    return weights.made?.tensors.get(name)?.type ?? weight(weights, name).type
  }

  /** Name of the number that a tensor in 8 bits is multiplied by. */
  scaleName(name: string): string | undefined {
    if (!name.endsWith('.weight')) return undefined
    const { tensors } = this.base.weights
    const names = scaleEnds.map(end => name.replace(/weight$/, end))
    return names.find(scale => tensors.get(scale)?.length)
  }

  /** A tensor's values with all that is laid on it. */
  async values(name: string): Promise<Float32Array> {
    return (await this.changed(name)) ?? this.beneath(name)
  }

  /** The same, undefined if nothing changes what lies in a file. */
  async changed(name: string): Promise<Float32Array | undefined> {
    const { weights, strengths } = this.base
    const { shape } = weight(weights, name)
    const graph = this.isPlain ? undefined : this.graph(name, shape)
    if (!graph) return weights.made?.tensors.get(name)?.values()
    const session = await openSession(graph)
    try {
      const feeds = { ...strengths, weight: tensor(shape, await this.beneath(name)) }
      return (await session.run(feeds)).out!.data
    } finally {
      await session.release()
    }
  }

  private get all() {
    this.branches ??= this.base.branches()
    return this.branches
  }

  /** What is laid on a tensor, undefined if nothing is. */
  private graph(name: string, shape: Weight['shape']): OnnxGraph | undefined {
    const graph = new OnnxGraph()
    const layers = new Layers(graph, this.base.weights, profiles.cpu, this.all)
    const under = graph.input('weight', DataType.float, shape)
    const over = this.all.reduce(
      (value, branch) => branch.fold?.(layers, name, value, shape) ?? value,
      under,
    )
    if (over === under) return undefined
    graph.output('out', over, shape)
    return graph
  }

  /** Without what is laid on. */
  private async beneath(name: string): Promise<Float32Array> {
    const { weights } = this.base
    const made = weights.made?.tensors.get(name)
    if (made) return made.values()
    const values = readFloats(weight(weights, name))
    const scale = this.scaleName(name)
    if (scale === undefined) return values
    const [factor = 1] = readFloats(weight(weights, scale))
    return values.map(value => value * factor)
  }
}
