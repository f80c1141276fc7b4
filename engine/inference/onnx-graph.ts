// An ONNX model in the making. Weights are external data: a file, an offset and a length in the
// user's own checkpoint, so a model of gigabytes becomes some hundred kilobytes of graph.
// Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
import { parse, relative, sep } from 'node:path'
import { ModelError } from './model-error.ts'
import { ProtobufWriter } from './protobuf.ts'
import type { Weight } from './weights.ts'

export const DataType = {
  float: 1,
  uint8: 2,
  int8: 3,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e5m2: 19,
} as const
export type DataType = (typeof DataType)[keyof typeof DataType]

/** The name of a tensor inside a graph. */
export type Value = string

/** Integers and lists of them are ONNX ints; `real(x)` marks a float. */
export type Attribute = number | string | readonly number[] | { readonly real: number }
export const real = (value: number): Attribute => ({ real: value })

type Dimension = number | string
interface Port {
  name: Value
  type: DataType
  dims: readonly Dimension[]
}
interface Initializer {
  type: DataType
  dims: readonly number[]
  content: Uint8Array | { location: string; offset: number; length: number }
}
export interface GraphNode {
  type: string
  inputs: readonly Value[]
  outputs: readonly Value[]
  attributes: Readonly<Record<string, Attribute | undefined>>
}

/** Operators of onnxruntime's own domain. */
const contributed = new Set([
  'DynamicQuantizeMatMul',
  'FusedMatMul',
  'MatMulIntegerToFloat',
  'MultiHeadAttention',
  'QuickGelu',
  'RotaryEmbedding',
])

const irVersion = 10
const opsetVersion = 21

export class OnnxGraph {
  readonly nodes: GraphNode[] = []
  readonly inputs: Port[] = []
  readonly outputs: Port[] = []
  /** Folder that external files are named from: the root of the file system or drive. */
  root: string | undefined
  private readonly initializers = new Map<Value, Initializer>()

  input(name: string, type: DataType, dims: readonly Dimension[]): Value {
    this.inputs.push({ name, type, dims })
    return name
  }

  output(name: string, value: Value, dims: readonly Dimension[], type: DataType = DataType.float) {
    this.nodes.push({ type: 'Identity', inputs: [value], outputs: [name], attributes: {} })
    this.outputs.push({ name, type, dims })
  }

  /** Appends a node and gives its output. An empty input name leaves an optional input out. */
  op(
    type: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute | undefined>> = {},
  ): Value {
    return this.ops(type, inputs, attributes, 1)[0]!
  }

  /** The same for a node of several outputs. */
  ops(
    type: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute | undefined>>,
    count: number,
  ): Value[] {
    const id = this.nodes.length
    const outputs = Array.from({ length: count }, (_, i) => `${type}_${id}_${i}`)
    this.nodes.push({ type, inputs: [...inputs], outputs, attributes })
    return outputs
  }

  ints(values: readonly number[]): Value {
    const content = new BigInt64Array(values.map(BigInt))
    return this.constant(`ints:${values.join(',')}`, [values.length], content, DataType.int64)
  }

  int(value: number): Value {
    return this.constant(`int:${value}`, [], BigInt64Array.of(BigInt(value)), DataType.int64)
  }

  scalar(value: number): Value {
    return this.floats(`scalar:${value}`, [], Float32Array.of(value))
  }

  floats(name: string, dims: readonly number[], values: Float32Array): Value {
    return this.constant(name, dims, values, DataType.float)
  }

  /** A tensor of a file in its stored type, under other dimensions if the caller wants. */
  external(weight: Weight, type: DataType, dims = weight.shape): Value {
    const root = parse(weight.file).root
    if (root !== (this.root ??= root))
      throw new ModelError(
        `Models that work together must lie on one drive: ${weight.file} is not on ${this.root}. ` +
          'Move it, or copy it next to the others.',
      )
    const location = relative(root, weight.file).split(sep).join('/')
    const name = `${location}:${weight.offset}:${dims.join('x')}`
    if (!this.initializers.has(name)) {
      const content = { location, offset: weight.offset, length: weight.length }
      this.initializers.set(name, { type, dims, content })
    }
    return name
  }

  /** Weights that are stored in a type. */
  storedAs(type: DataType): Value[] {
    return [...this.initializers].filter(([, stored]) => stored.type === type).map(([name]) => name)
  }

  /** The model as bytes for onnxruntime. */
  encode(): Uint8Array {
    const model = new ProtobufWriter()
    model.int(1, irVersion)
    model.string(2, 'comfyrunner')
    model.message(7, graph => this.write(graph))
    model.message(8, opset => {
      opset.string(1, '')
      opset.int(2, opsetVersion)
    })
    model.message(8, opset => {
      opset.string(1, 'com.microsoft')
      opset.int(2, 1)
    })
    return model.finish()
  }

  private constant(
    name: Value,
    dims: readonly number[],
    values: Float32Array | BigInt64Array,
    type: DataType,
  ): Value {
    const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    if (!this.initializers.has(name)) this.initializers.set(name, { type, dims, content })
    return name
  }

  private write(graph: ProtobufWriter): void {
    for (const node of this.nodes) graph.message(1, message => writeNode(message, node))
    graph.string(2, 'network')
    for (const [name, initializer] of this.initializers)
      graph.message(5, message => writeInitializer(message, name, initializer))
    for (const port of this.inputs) graph.message(11, message => writePort(message, port))
    for (const port of this.outputs) graph.message(12, message => writePort(message, port))
  }
}

function writeNode(message: ProtobufWriter, node: GraphNode): void {
  for (const input of node.inputs) message.string(1, input)
  for (const output of node.outputs) message.string(2, output)
  message.string(3, node.outputs[0]!)
  message.string(4, node.type)
  for (const [name, value] of Object.entries(node.attributes))
    if (value !== undefined) message.message(5, attribute => writeAttribute(attribute, name, value))
  if (contributed.has(node.type)) message.string(7, 'com.microsoft')
}

const attributeType = { float: 1, int: 2, string: 3, ints: 7 }

function writeAttribute(message: ProtobufWriter, name: string, value: Attribute): void {
  message.string(1, name)
  if (typeof value === 'number') {
    message.int(3, value)
    message.int(20, attributeType.int)
  } else if (typeof value === 'string') {
    message.string(4, value)
    message.int(20, attributeType.string)
  } else if ('real' in value) {
    message.float(2, value.real)
    message.int(20, attributeType.float)
  } else {
    for (const item of value) message.int(8, item)
    message.int(20, attributeType.ints)
  }
}

function writeInitializer(message: ProtobufWriter, name: Value, initializer: Initializer): void {
  for (const size of initializer.dims) message.int(1, size)
  message.int(2, initializer.type)
  message.string(8, name)
  const { content } = initializer
  if (content instanceof Uint8Array) {
    message.data(9, content)
    return
  }
  for (const [key, value] of Object.entries(content))
    message.message(13, entry => {
      entry.string(1, key)
      entry.string(2, String(value))
    })
  message.int(14, 1) // data_location: external
}

function writePort(message: ProtobufWriter, { name, type, dims }: Port): void {
  message.string(1, name)
  message.message(2, value =>
    value.message(1, tensor => {
      tensor.int(1, type)
      tensor.message(2, shape => {
        for (const dim of dims)
          shape.message(1, d => (typeof dim === 'number' ? d.int(1, dim) : d.string(2, dim)))
      })
    }),
  )
}
