// How much more or less the tokens of a style are looked at than they would: a bias on the scores of
// attention. Tokens of a style, and those that came before it, are not told of later ones' weights.
import { type Tensor, tensor } from '../tensor.ts'
import type { ConditioningItem, NetworkInput } from './kinds.ts'

const name = 'tokenWeights'
/** In the place of the logarithm of 0. */
const never = -1e30

/** For each token of the text, the bias it gets and the first token that does not give it: [1,S,2]. */
export function tokenWeightExtras({
  tokenWeights,
  cond,
}: Pick<ConditioningItem, 'tokenWeights' | 'cond'>): Record<string, Tensor> {
  if (!tokenWeights) return {}
  const out = tensor([1, cond.shape[1]!, 2])
  for (const { start, length, factor } of tokenWeights)
    for (let token = start; token < start + length; token++)
      out.data.set([factor > 0 ? Math.log(factor) : never, start], token * 2)
  return { [name]: out }
}

/** [B,1,N,N] for a text and `pictures` tokens behind it, if the conditioning says so. */
export function attentionBias({ extras }: NetworkInput, pictures: number): Tensor | undefined {
  const weights = extras?.[name]
  if (!weights) return undefined
  const [batch, words] = weights.shape as [number, number]
  const all = words + pictures
  const out = tensor([batch, 1, all, all])
  for (let b = 0; b < batch; b++)
    for (let key = 0; key < words; key++) {
      const [bias, start] = weights.data.subarray((b * words + key) * 2, (b * words + key + 1) * 2)
      if (bias === 0) continue
      for (let query = 0; query < all; query++)
        if (query < start! || query >= words) out.data[(b * all + query) * all + key] = bias!
    }
  return out
}
