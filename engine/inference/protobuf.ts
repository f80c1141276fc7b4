// Writes protocol buffers: only the wire types that ONNX needs.
// https://protobuf.dev/programming-guides/encoding/
const text = new TextEncoder()

export class ProtobufWriter {
  private bytes = new Uint8Array(1 << 12)
  private length = 0

  int(field: number, value: number | bigint): void {
    this.varint(field << 3)
    this.varint(value)
  }

  float(field: number, value: number): void {
    this.varint((field << 3) | 5)
    this.reserve(4)
    new DataView(this.bytes.buffer).setFloat32(this.length, value, true)
    this.length += 4
  }

  data(field: number, value: Uint8Array): void {
    this.varint((field << 3) | 2)
    this.varint(value.length)
    this.reserve(value.length)
    this.bytes.set(value, this.length)
    this.length += value.length
  }

  string(field: number, value: string): void {
    this.data(field, text.encode(value))
  }

  message(field: number, write: (message: ProtobufWriter) => void): void {
    const message = new ProtobufWriter()
    write(message)
    this.data(field, message.finish())
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  /** Negative numbers take ten bytes, as the format has it for int64. */
  private varint(value: number | bigint): void {
    this.reserve(10)
    let rest = BigInt.asUintN(64, BigInt(value))
    if (rest < 0x4000_0000n) {
      let small = Number(rest)
      for (; small > 127; small >>>= 7) this.bytes[this.length++] = (small & 127) | 128
      this.bytes[this.length++] = small
      return
    }
    for (; rest > 127n; rest >>= 7n) this.bytes[this.length++] = Number(rest & 127n) | 128
    this.bytes[this.length++] = Number(rest)
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}
