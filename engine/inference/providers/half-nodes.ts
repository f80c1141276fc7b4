// Which nodes of a graph touch 16-bit numbers. A GPU without them (most software adapters, older
// hardware) refuses the whole session over one such node, so WebGPU leaves them to the processor.
import { DataType, type OnnxGraph } from '../onnx-graph.ts'

/** Names of all nodes that take or give float16, except those that onnxruntime folds away at loading. */
export function nodesOfHalves(graph: OnnxGraph): string[] {
  const halves = new Set(graph.storedAs(DataType.float16))
  const constants = new Set(halves)
  const names: string[] = []
  for (const { type, inputs, outputs, attributes } of graph.nodes) {
    const takes = inputs.some(name => halves.has(name))
    const gives = type === 'Cast' ? attributes.to === DataType.float16 : takes
    if (gives) for (const output of outputs) halves.add(output)
    // Folded: the widening of a weight that nothing changes.
    if (takes && inputs.every(name => constants.has(name))) continue
    if (takes || gives) names.push(outputs[0]!)
  }
  return names
}
