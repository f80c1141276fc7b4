// The native kernels give what their JS twins give, bit for bit, over sizes that meet every loop's
// beginning, middle and end.
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { Extent, FixedTaps, Kernels, Taps } from './contract.ts'
import { jsKernels } from './index.ts'
import { nativeKernels } from './native.ts'

const native = nativeKernels()
const runs = { numRuns: 60 }

const awkward = [0, -0, 1, 0.5, 200 / 255, -3, 7, 1e-30, 1e30, 254.9999 / 255]
const value = fc.oneof(
  { weight: 4, arbitrary: fc.float({ min: 0, max: 1, noNaN: true }) },
  fc.constantFrom(...awkward.map(Math.fround)),
)
/** A seed is drawn, not every pixel: quick, and still the same picture for the same failure. */
const floats = (length: number, seed: number, odd: readonly number[]): Float32Array =>
  Float32Array.from({ length }, (_, i) => {
    const bits = Math.imul(seed + i, 0x9e3779b1) ^ (Math.imul(seed + i, 0x85ebca6b) >>> 13)
    return bits % 17 === 0 ? odd[i % odd.length]! : (bits >>> 0) / 2 ** 32
  })
const bytesOf = (values: Float32Array): Uint8Array => Uint8Array.from(values, x => (x * 256) & 255)

const extent: fc.Arbitrary<Extent> = fc.record({
  height: fc.integer({ min: 1, max: 40 }),
  width: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 340, max: 530 })),
  channels: fc.integer({ min: 1, max: 5 }),
})
const seed = fc.integer({ min: 0, max: 2 ** 30 })
const odd = fc.array(value, { minLength: 1, maxLength: 6 })
const size = ({ height, width, channels }: Extent) => height * width * channels

/** Both answers as bits, so that −0 and 0 differ; NaN is one value. */
function same<T extends Float32Array | Uint8Array>(
  make: () => T,
  compute: (kernels: Kernels, out: T) => void,
): void {
  const [ours, theirs] = [make(), make()]
  compute(jsKernels, ours)
  compute(native!, theirs)
  const differs = ours.findIndex((x, i) => !Object.is(x, theirs[i]))
  expect(differs < 0 ? 'nowhere' : `${ours[differs]} and ${theirs[differs]} at ${differs}`).toBe(
    'nowhere',
  )
}

const weights = fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 })

/** Any places and weights, some of them 0. */
function anyTaps(outputs: number, inputs: number, tapSize: number, some: number[]): Taps {
  const length = outputs * tapSize
  return {
    size: tapSize,
    from: Int32Array.from({ length }, (_, i) => (i * 7919) % inputs),
    weight: Float32Array.from({ length }, (_, i) => (i % 5 === 1 ? 0 : some[i % some.length]!)),
  }
}

function anyFixedTaps(outputs: number, inputs: number, tapSize: number, some: number[]): FixedTaps {
  const first = Int32Array.from({ length: outputs }, (_, i) => (i * 31) % inputs)
  const count = first.map((place, i) => Math.min(inputs - place, (i % tapSize) + 1))
  const all = Int32Array.from({ length: outputs * tapSize }, (_, i) =>
    i % tapSize < count[Math.floor(i / tapSize)]! ? some[i % some.length]! * 2 ** 22 : 0,
  )
  return { size: tapSize, first, count, weights: all }
}

describe.skipIf(!native)(
  'native and JS agree (skipped where no addon is built or COMFYRUNNER_NATIVE=off)',
  () => {
    test('value by value', () => {
      const lengths = fc.integer({ min: 0, max: 3000 })
      const check = (length: number, s: number, o: number[], gain: number) => {
        const values = floats(length, s, [...o, NaN, Infinity, -Infinity])
        const others = floats(length, s + 1, o)
        same(
          () => new Uint8Array(length),
          (k, out) => k.toBytes(values, out),
        )
        same(
          () => new Float32Array(length),
          (k, out) => k.fromBytes(bytesOf(others), out),
        )
        same(
          () => new Float32Array(length),
          (k, out) => k.invert(values, out),
        )
        same(
          () => Float32Array.from(others),
          (k, out) => k.unsharp(values, out, gain),
        )
      }
      fc.assert(
        fc.property(lengths, seed, odd, fc.double({ min: 0, max: 50, noNaN: true }), check),
        runs,
      )
    })

    test('every byte', () => {
      const all = Uint8Array.from({ length: 256 }, (_, i) => i)
      same(
        () => new Float32Array(256),
        (k, out) => k.fromBytes(all, out),
      )
    })

    test('blur', () => {
      const radius = fc.integer({ min: 1, max: 31 })
      const check = (e: Extent, s: number, o: number[], r: number, w: number[]) => {
        const half = Array.from({ length: r + 1 }, (_, i) => w[i % w.length]!)
        const kernel = Float32Array.from([...half, ...half.slice(0, -1).reverse()])
        const image = floats(size(e), s, o)
        same(
          () => new Float32Array(image.length),
          (k, out) => k.blur(image, out, e, kernel),
        )
      }
      fc.assert(fc.property(extent, seed, odd, radius, weights, check), runs)
    })

    test('resampling', () => {
      const to = fc.integer({ min: 0, max: 50 })
      const check = (
        e: Extent,
        s: number,
        o: number[],
        h: number,
        w: number,
        n: number,
        ws: number[],
      ) => {
        const image = floats(size(e), s, o)
        const rows = h > 0 ? anyTaps(h, e.height, n, ws) : undefined
        const columns = w > 0 ? anyTaps(w, e.width, n, ws) : undefined
        same(
          () => new Float32Array((h || e.height) * (w || e.width) * e.channels),
          (k, out) => k.resample(image, out, e, rows, columns),
        )
      }
      fc.assert(
        fc.property(extent, seed, odd, to, to, fc.integer({ min: 1, max: 6 }), weights, check),
        runs,
      )
    })

    test('fixed-point filters', () => {
      const to = fc.integer({ min: 1, max: 50 })
      const check = (e: Extent, s: number, h: number, w: number, n: number, ws: number[]) => {
        const image = bytesOf(floats(size(e), s, [0, 1]))
        const [rows, columns] = [anyFixedTaps(h, e.height, n, ws), anyFixedTaps(w, e.width, n, ws)]
        same(
          () => new Uint8Array(e.height * w * e.channels),
          (k, out) => k.filterAcross(image, out, e, columns),
        )
        same(
          () => new Uint8Array(h * e.width * e.channels),
          (k, out) => k.filterDown(image, out, e, rows),
        )
      }
      fc.assert(
        fc.property(extent, seed, to, to, fc.integer({ min: 1, max: 40 }), weights, check),
        runs,
      )
    })

    test('running maxima', () => {
      const check = (e: Extent, s: number, o: number[], side: number) => {
        const image = floats(size(e), s, o)
        same(
          () => new Float32Array(image.length),
          (k, out) => k.dilate(image, out, e, side),
        )
        const plane = { ...e, width: e.width * e.channels, channels: 1 }
        same(
          () => new Float32Array(image.length),
          (k, out) => k.growCross(image, out, plane),
        )
      }
      fc.assert(fc.property(extent, seed, odd, fc.integer({ min: 1, max: 999 }), check), runs)
    })

    test('PNG filters', () => {
      const check = (e: Extent, s: number, shift: number) => {
        // From noise to smooth, so that each of the filters wins somewhere.
        const image = floats(size(e), s, [0]).map((x, i) => (x / 2 ** shift + i / 997) % 1)
        same(
          () => new Uint8Array(size(e) + e.height),
          (k, out) => k.filterPng(bytesOf(image), out, e),
        )
      }
      fc.assert(fc.property(extent, seed, fc.integer({ min: 0, max: 8 }), check), runs)
    })
  },
)

describe.skipIf(!native)('arguments that do not fit together', () => {
  const four = { height: 2, width: 2, channels: 1 }
  test.for<[string, (kernels: Kernels) => void]>([
    ['an answer too short', k => k.invert(new Float32Array(4), new Float32Array(3))],
    ['another type', k => k.toBytes(new Uint8Array(4) as never, new Uint8Array(4))],
    [
      'a picture smaller than said',
      k => k.blur(new Float32Array(3), new Float32Array(3), four, new Float32Array(3)),
    ],
    [
      'a place outside',
      k =>
        k.resample(
          new Float32Array(4),
          new Float32Array(2),
          four,
          { size: 1, from: Int32Array.of(2), weight: Float32Array.of(1) },
          undefined,
        ),
    ],
    [
      'taps over the edge',
      k =>
        k.filterDown(new Uint8Array(4), new Uint8Array(2), four, {
          size: 2,
          first: Int32Array.of(1),
          count: Int32Array.of(2),
          weights: new Int32Array(2),
        }),
    ],
  ])('%s', ([, wrong]) => {
    expect(() => wrong(native!)).toThrow(/do not fit together/)
  })
})

test('COMFYRUNNER_NATIVE=off asks for none', () => {
  vi.stubEnv('COMFYRUNNER_NATIVE', 'off')
  expect(nativeKernels()).toBeUndefined()
  vi.unstubAllEnvs()
})
