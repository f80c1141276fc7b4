// A network on a GPU that the GPU turns out unable to take: its memory ends, a buffer is too large,
// an operator is missing. It is opened on the processor instead, once, and the user is told.
import { buildFor, type Provider } from '../layers.ts'
import type { OnnxGraph } from '../onnx-graph.ts'
import { openSession, type Session, type SessionOptions } from '../session.ts'
import { shortReason } from './choice.ts'
import { providerProfiles } from './profiles.ts'

export interface Network {
  build(): OnnxGraph
  /** Bytes of its weights as they are stored. */
  costBytes: number
}

export interface PlacedOptions extends Omit<SessionOptions, 'provider'> {
  provider?: Provider
  /** Stored weights that one network may have on the GPU; no limit where its memory is not known. */
  gpuBudgetBytes?: number
  /** Told, in a sentence, when the processor has to take over. */
  notice?: (text: string) => void
  /** Another way to open sessions, for tests. */
  open?: typeof openSession
}

/** Opens where it was asked for, or on the processor. @throws what the processor throws */
export async function openPlaced(network: Network, options: PlacedOptions): Promise<Session> {
  const {
    provider = 'cpu',
    gpuBudgetBytes = Number.POSITIVE_INFINITY,
    notice,
    open = openSession,
  } = options
  const openOn = (on: Provider): Promise<Session> =>
    open(buildFor(on, network.build), { ...options, provider: on })
  if (provider === 'cpu') return openOn('cpu')

  const giveUp = (why: string) => {
    const { name } = providerProfiles[provider]
    notice?.(
      `A network with ${gigabytes(network.costBytes)} of weights cannot be computed with ${name} ` +
        `(${why}), so the processor computes it.`,
    )
    return openOn('cpu')
  }
  if (network.costBytes > gpuBudgetBytes)
    return giveUp(`the GPU has room for about ${gigabytes(gpuBudgetBytes)}`)
  let session: Session
  try {
    session = await openOn(provider)
  } catch (error) {
    return giveUp(reasonOf(error))
  }
  let onProcessor = false
  return {
    async run(feeds) {
      if (onProcessor) return session.run(feeds)
      try {
        return await session.run(feeds)
      } catch (error) {
        // Let go first: the processor may need the memory that the driver holds.
        await session.release().catch(() => {})
        session = await giveUp(reasonOf(error))
        onProcessor = true
        return session.run(feeds)
      }
    },
    release: () => session.release(),
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  const said = cause instanceof Error ? cause.message : message
  return /out of memory|alloc|OOM/i.test(said) ? 'its memory is not enough' : shortReason(said)
}

const gigabytes = (bytes: number) =>
  bytes < 1e8 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
