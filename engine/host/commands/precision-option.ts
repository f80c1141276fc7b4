// `--precision NAME` of the command line.
import { settings } from '../../api/contract.ts'
import { UsageError } from './usage.ts'

const precisions = settings.shape.precision

export function precisionChoice(name = 'exact') {
  const { success, data } = precisions.safeParse(name)
  if (success) return data
  throw new UsageError(`--precision ${name}: one of ${precisions.options.join(', ')}.`)
}
