// PyTorch's CPU random numbers, to the bit: the same seed draws the same picture as in ComfyUI.
// mt19937 (http://www.math.sci.hiroshima-u.ac.jp/m-mat/MT/emt.html); 16 or more normals go through
// ATen's AVX2 Box-Muller in single precision, fewer through a scalar one in double precision.
import { sizeOf, type Tensor, tensor } from '../tensor.ts'

const f32 = Math.fround
/** a·b+c rounded once: the product of two floats is exact in a double. */
const fma = (a: number, b: number, c: number): number => f32(a * b + c)

const stateWords = 624

/** `torch.Generator().manual_seed(seed)`. Draws go on where the last one ended. */
export class TorchGenerator {
  readonly #state = new Uint32Array(stateWords)
  #at = stateWords
  #spareNormal: number | undefined

  /** Only the low 32 bits of a seed count, as in PyTorch. */
  constructor(seed: bigint) {
    const state = this.#state
    state[0] = Number(BigInt.asUintN(32, seed))
    for (let i = 1; i < stateWords; i++) {
      const last = state[i - 1]!
      state[i] = Math.imul(last ^ (last >>> 30), 1812433253) + i
    }
  }

  #twist(): void {
    const state = this.#state
    for (let k = 0; k < stateWords; k++) {
      const y = (state[k]! & 0x80000000) | (state[(k + 1) % stateWords]! & 0x7fffffff)
      state[k] = state[(k + 397) % stateWords]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
    }
    this.#at = 0
  }

  #word(): number {
    if (this.#at === stateWords) this.#twist()
    let y = this.#state[this.#at++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  #uniformDouble(): number {
    const high = this.#word()
    const low = this.#word()
    return ((high & 0x1fffff) * 2 ** 32 + low) * 2 ** -53
  }

  /** `torch.rand`: [0, 1) with 24 bits. */
  uniform(count: number): Float32Array {
    const values = new Float32Array(count)
    for (let i = 0; i < count; i++) values[i] = (this.#word() & 0xffffff) * 2 ** -24
    return values
  }

  /** `torch.randn` */
  normal(count: number): Float32Array {
    if (count < 16) return Float32Array.from({ length: count }, () => this.#scalarNormal())
    const values = this.uniform(count)
    for (let at = 0; at + 16 <= count; at += 16) boxMuller16(values, at)
    if (count % 16 !== 0) {
      // PyTorch draws the last sixteen anew, over what was there.
      values.set(this.uniform(16), count - 16)
      boxMuller16(values, count - 16)
    }
    return values
  }

  #scalarNormal(): number {
    const spare = this.#spareNormal
    this.#spareNormal = undefined
    if (spare !== undefined) return spare
    const angle = 2 * Math.PI * this.#uniformDouble()
    const radius = Math.sqrt(-2 * Math.log1p(-this.#uniformDouble()))
    this.#spareNormal = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}

// The vector code is avx_mathfun's: Cephes polynomials with fused multiply-adds, written out since
// an SDE sampler draws millions of these. http://software-lisc.fbk.eu/avx_mathfun/

/** Sixteen uniforms → eight cosines, then eight sines. */
function boxMuller16(values: Float32Array, at: number): void {
  for (let i = at; i < at + 8; i++) {
    const radius = f32(Math.sqrt(f32(-2 * logAvx(f32(1 - values[i]!)))))
    writePolar(values, i, radius, f32(f32(2 * Math.PI) * values[i + 8]!))
  }
}

const floatBits = new Float32Array(1)
const intBits = new Int32Array(floatBits.buffer)

const sqrtHalf = f32(Math.SQRT1_2)
const ln2Low = f32(-2.1219444e-4)
const ln2High = f32(0.693359375)
const [l0, l1, l2, l3, l4, l5, l6, l7, l8] = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
  -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(f32) as [number, number, number, number, number, number, number, number, number]

function logAvx(value: number): number {
  floatBits[0] = Math.max(value, 1.17549435e-38)
  const bits = intBits[0]!
  let exponent = (bits >>> 23) - 126
  intBits[0] = (bits & ~0x7f800000) | 0x3f000000
  let x = floatBits[0]!
  if (x < sqrtHalf) {
    exponent -= 1
    x = f32(f32(x - 1) + x)
  } else x = f32(x - 1)
  const z = f32(x * x)
  let y = fma(fma(fma(fma(l0, x, l1), x, l2), x, l3), x, l4)
  y = fma(fma(fma(fma(y, x, l5), x, l6), x, l7), x, l8)
  y = fma(f32(y * x), z, f32(exponent * ln2Low))
  y = fma(-z, 0.5, y)
  return fma(exponent, ln2High, f32(x + y))
}

const fourOverPi = f32(1.27323954473516)
const dp1 = f32(-0.78515625)
const dp2 = f32(-2.4187564849853516e-4)
const dp3 = f32(-3.774894977445941e-8)
const s0 = f32(-1.9515295891e-4)
const s1 = f32(8.3321608736e-3)
const s2 = f32(-1.6666654611e-1)
const c0 = f32(2.443315711809948e-5)
const c1 = f32(-1.388731625493765e-3)
const c2 = f32(4.166664568298827e-2)

/** radius · cos(angle) at `i`, radius · sin(angle) eight places on; for angles ≥ 0. */
function writePolar(values: Float32Array, i: number, radius: number, angle: number): void {
  const octant = (Math.trunc(f32(angle * fourOverPi)) + 1) & ~1
  const x = fma(octant, dp3, fma(octant, dp2, fma(octant, dp1, angle)))
  const z = f32(x * x)
  const cosine = f32(fma(f32(fma(fma(c0, z, c1), z, c2) * z), z, -0.5 * z) + 1)
  const sine = fma(f32(fma(fma(s0, z, s1), z, s2) * z), x, x)
  const swap = (octant & 2) !== 0
  const cos = swap ? sine : cosine
  const sin = swap ? cosine : sine
  values[i] = radius * ((octant - 2) & 4 ? cos : -cos)
  values[i + 8] = radius * (octant & 4 ? -sin : sin)
}

/**
 * The noise a run starts from. Images of a batch share one stream; with `batchIndex` each draws
 * the noise that its number has in a stream of single images, so a picture of a batch can be made
 * again alone.
 */
export function initialNoise(
  shape: readonly number[],
  seed: bigint,
  batchIndex?: readonly number[],
): Tensor {
  const generator = new TorchGenerator(seed)
  if (!batchIndex) return tensor(shape, generator.normal(sizeOf(shape)))
  const single = sizeOf(shape.slice(1))
  const noise = tensor([batchIndex.length, ...shape.slice(1)])
  const last = Math.max(...batchIndex)
  for (let image = 0; image <= last; image++) {
    const drawn = generator.normal(single)
    batchIndex.forEach((wanted, place) => {
      if (wanted === image) noise.data.set(drawn, place * single)
    })
  }
  return noise
}
