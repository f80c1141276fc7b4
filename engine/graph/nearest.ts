/** Options longer lists are not searched beyond. */
const maxOptions = 20_000

/** The option most like what was asked for, if any is like it at all: shared pairs of letters. */
export function nearest(wanted: string, options: readonly string[]): string | undefined {
  const pairs = pairsOf(wanted)
  let best: string | undefined
  let most = 0.4
  for (const option of options.slice(0, maxOptions)) {
    const likeness = likenessOf(pairs, pairsOf(option))
    if (likeness > most) {
      most = likeness
      best = option
    }
  }
  return best
}

/** Letters and digits in pairs; the extension says nothing about likeness. */
function pairsOf(text: string): Map<string, number> {
  const letters = text
    .toLowerCase()
    .replace(/\.(safetensors|ckpt|pth?|png|jpe?g|webp|gguf|onnx)$/, '')
    .replace(/[^\p{L}\p{N}]/gu, '')
  const pairs = new Map<string, number>()
  const padded = ` ${letters} `
  for (let i = 0; i + 1 < padded.length; i++) {
    const pair = padded.slice(i, i + 2)
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
  }
  return pairs
}

/** Sørensen–Dice: 0 nothing shared, 1 the same. */
function likenessOf(a: Map<string, number>, b: Map<string, number>): number {
  let shared = 0
  let total = 0
  for (const [pair, times] of a) {
    shared += Math.min(times, b.get(pair) ?? 0)
    total += times
  }
  for (const times of b.values()) total += times
  return total === 0 ? 0 : (2 * shared) / total
}
