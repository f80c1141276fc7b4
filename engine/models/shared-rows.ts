// With guidance both prompts see one picture, at one time: a network is handed it once.
import { type Tensor, tensor } from '../tensor.ts'

/**
 * Inputs [B,…] of a network that can take [1,…] instead (`Unet.texts`). → their first rows if in each
 * all rows are the same, else what was given.
 */
export function sharedRows<Inputs extends Readonly<Record<string, Tensor>>>(
  inputs: Inputs,
): Inputs {
  const all = Object.entries(inputs)
  if (!all.every(([, input]) => rowsAreSame(input))) return inputs
  return Object.fromEntries(all.map(([name, input]) => [name, firstRow(input)])) as Inputs
}

const rowSize = ({ shape, data }: Tensor): number => data.length / shape[0]!

function rowsAreSame(input: Tensor): boolean {
  const { data } = input
  const size = rowSize(input)
  for (let i = size; i < data.length; i++) if (data[i] !== data[i - size]) return false
  return true
}

const firstRow = (input: Tensor): Tensor =>
  tensor([1, ...input.shape.slice(1)], input.data.subarray(0, rowSize(input)))
