// Counts what a network computes, from the shapes that it really has while it runs.
import { DataType, type GraphNode, OnnxGraph } from '../engine/inference/onnx-graph.ts'
import { type Ids, openSession } from '../engine/inference/session.ts'
import type { Tensor } from '../engine/tensor.ts'

const counted = new Set(['Conv', 'FusedMatMul', 'MatMul', 'Gemm', 'MultiHeadAttention'])

/** Floating point operations (a multiply and an add are two) of matrix products in one run. */
export async function countFlops(
  graph: OnnxGraph,
  feeds: Record<string, Tensor | Ids>,
  threads?: number,
): Promise<number> {
  const nodes = graph.nodes.filter(node => counted.has(node.type))
  const asked = nodes.map(node => [node.inputs[0]!, node.inputs[1]!, node.outputs[0]!])
  for (const [n, values] of asked.entries())
    for (const [i, value] of values.entries()) {
      const shape = graph.op('Cast', [graph.op('Shape', [value])], { to: DataType.float })
      graph.output(`shape ${n} ${i}`, shape, ['rank'])
    }
  const session = await openSession(graph, { threads })
  const outputs = await session.run(feeds)
  await session.release()
  const shape = (n: number, i: number) => [...outputs[`shape ${n} ${i}`]!.data]
  return nodes.reduce(
    (sum, node, n) => sum + flopsOf(node, shape(n, 0), shape(n, 1), shape(n, 2)),
    0,
  )
}

const product = (values: number[]) => values.reduce((a, b) => a * b, 1)

function flopsOf({ type }: GraphNode, a: number[], b: number[], out: number[]): number {
  if (type === 'Conv') return 2 * product(out) * product(b.slice(1))
  if (type !== 'MultiHeadAttention') return 2 * product(out) * a.at(-1)!
  // q·kᵀ and the mix of v: [B,S,width] with [B,T,width]
  return 4 * product(a) * b[1]!
}

/** C = A·B of one size: as quick as this machine multiplies with onnxruntime. */
export function matmulGraph(size: number): OnnxGraph {
  const graph = new OnnxGraph()
  const a = graph.input('a', DataType.float, [size, size])
  const b = graph.input('b', DataType.float, [size, size])
  graph.output('c', graph.op('MatMul', [a, b]), [size, size])
  return graph
}
