// A network's weights as it computes with them: what a file holds, with LoRAs and factors laid on. For
// merging and saving, which need the numbers themselves; running a network does without them.
import { type Branch, Layers, profiles } from '../inference/layers.ts'
import { DataType, OnnxGraph, type Value } from '../inference/onnx-graph.ts'
import { openSession } from '../inference/session.ts'
import { scaleName } from '../inference/weight-scales.ts'
import {
  readFloats,
  type Weight,
  type Weights,
  type WeightType,
  weight,
} from '../inference/weights.ts'
import { tensor } from '../tensor.ts'
import type { NetworkBase } from './network-base.ts'

/** One tensor is an input: the file that it will lie in may have yet to be made. */
class FedLayers extends Layers {
  private readonly fed: { name: string; under: Value }

  constructor(
    graph: OnnxGraph,
    weights: Weights,
    branches: readonly Branch[],
    fed: { name: string; under: Value },
  ) {
    super(graph, weights, profiles.cpu, branches)
    this.fed = fed
  }

  override unchanged(weights: Weights, key: string): Value {
    const { name, under } = this.fed
    return weights === this.weights && key === name ? under : super.unchanged(weights, key)
  }
}

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
    return scaleName(this.base.weights, name)
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
    const under = graph.input('weight', DataType.float, shape)
    const layers = new FedLayers(graph, this.base.weights, this.all, { name, under })
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
