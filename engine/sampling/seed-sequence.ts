// NumPy's SeedSequence: one seed → many independent ones.
// https://numpy.org/doc/stable/reference/random/bit_generators/generated/numpy.random.SeedSequence.html

const initA = 0x43b0d7e5
const multA = 0x931e8875
const initB = 0x8b51f9dd
const multB = 0x58f38ded
const mixLeft = 0xca01f9dd
const mixRight = 0x4973f715

/** Little-endian 32-bit words; zero is one word. */
function words(value: bigint): number[] {
  const out: number[] = []
  do {
    out.push(Number(value & 0xffff_ffffn))
    value >>= 32n
  } while (value > 0n)
  return out
}

const fold = (value: number): number => (value ^ (value >>> 16)) >>> 0

/** `SeedSequence(entropy, spawn_key=spawnKey, pool_size=poolSize).generate_state(count)` */
export function seedSequence(
  entropy: bigint,
  spawnKey: readonly number[],
  poolSize: number,
  count: number,
): Uint32Array {
  const run = words(entropy)
  if (spawnKey.length > 0) while (run.length < poolSize) run.push(0)
  const source = [...run, ...spawnKey.flatMap(key => words(BigInt(key)))]

  let hash = initA
  const hashMix = (value: number): number => {
    value ^= hash
    hash = Math.imul(hash, multA)
    return fold(Math.imul(value, hash))
  }
  const mix = (x: number, y: number): number =>
    fold((Math.imul(mixLeft, x) - Math.imul(mixRight, y)) | 0)

  const pool = Uint32Array.from({ length: poolSize }, (_, i) => hashMix(source[i] ?? 0))
  for (let from = 0; from < poolSize; from++)
    for (let to = 0; to < poolSize; to++)
      if (from !== to) pool[to] = mix(pool[to]!, hashMix(pool[from]!))
  for (const word of source.slice(poolSize))
    for (let to = 0; to < poolSize; to++) pool[to] = mix(pool[to]!, hashMix(word))

  let state = initB
  return Uint32Array.from({ length: count }, (_, i) => {
    const value = pool[i % poolSize]! ^ state
    state = Math.imul(state, multB)
    return fold(Math.imul(value, state))
  })
}
