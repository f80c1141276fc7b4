// Which provider computes: the one that the user named, or for Automatic the best that this machine
// has a GPU for. Each must first give the processor's numbers; one that does not is passed over, and
// that is said in words.
import type { Provider } from '../layers.ts'
import type { Gpu } from './gpus.ts'
import {
  automaticOrder,
  type Installation,
  type ProviderProfile,
  providerProfiles,
  whyNotOffered,
} from './profiles.ts'
import { type SelfTest, tolerance } from './self-test.ts'

export type ProviderChoice = 'auto' | Provider

/** How a self-test ended, `SelfTest` or why there is none. */
export type Outcome =
  | { state: 'tested'; result: SelfTest }
  /** onnxruntime refused. */
  | { state: 'refused'; message: string }
  /** The test's process ended: signal or exit code. */
  | { state: 'crashed'; how: string }
  | { state: 'silent'; seconds: number }

export interface Surroundings {
  gpus: readonly Gpu[]
  /** WebGPU would run on a software adapter. */
  softwareVulkan: boolean
  installation: Installation
  /** @throws never: what goes wrong is an outcome */
  test(provider: Provider): Promise<Outcome>
}

export interface Placement {
  provider: Provider
  /** Whole sentences. */
  why: string
  /** What the user must hear: something was chosen that could not be had. */
  notice?: string
}

/** Automatic leaves the processor only for something clearly quicker. */
const quickerTimes = 1.5

export async function chooseProvider(
  choice: ProviderChoice,
  surroundings: Surroundings,
): Promise<Placement> {
  const faults: string[] = []
  const slower: string[] = []
  for (const id of candidates(choice, surroundings)) {
    const { name } = providerProfiles[id]
    const missing = whyNotOffered(id, surroundings.installation)
    const outcome = missing ? undefined : await surroundings.test(id)
    const fault = missing ?? faultOf(outcome!)
    if (fault) {
      faults.push(`${name} ${fault}`)
      continue
    }
    const { gflops, processorGflops } = (outcome as Outcome & { state: 'tested' }).result
    if (id !== choice && gflops < quickerTimes * processorGflops) {
      slower.push(`${name} works, but is no quicker than the processor`)
      continue
    }
    const why =
      id === choice
        ? `You chose ${name}, and it gives the processor’s numbers.`
        : `${name} gives the processor’s numbers, about ${times(gflops / processorGflops)} as quickly.`
    return { provider: id, why, notice: insteadOf(faults, `${name} is used instead`) }
  }
  return {
    provider: 'cpu',
    why: whyProcessor(choice, surroundings.gpus, [...faults, ...slower]),
    notice: insteadOf(faults, 'the processor is used instead'),
  }
}

/** What is tried, in order; the processor, which needs no test, is what remains. */
function candidates(choice: ProviderChoice, surroundings: Surroundings): Provider[] {
  if (choice === 'cpu') return []
  const automatic = automaticOrder.filter(
    id => id !== choice && suits(providerProfiles[id], surroundings),
  )
  return choice === 'auto' ? automatic : [choice, ...automatic]
}

const suits = (profile: ProviderProfile, { gpus, softwareVulkan, installation }: Surroundings) =>
  gpus.some(({ vendor }) => profile.gpus.includes(vendor)) &&
  !whyNotOffered(profile.id, installation) &&
  !(profile.id === 'webgpu' && softwareVulkan)

/** What is wrong with a provider, to follow its name; undefined for one that may be used. */
export function faultOf(outcome: Outcome): string | undefined {
  switch (outcome.state) {
    case 'tested':
      if (outcome.result.difference <= tolerance) return undefined
      return `gave wrong numbers on this machine (${share(outcome.result.difference)})`
    case 'refused':
      return `cannot be used on this machine (${outcome.message})`
    case 'crashed':
      return `ended its process on this machine (${outcome.how})`
    case 'silent':
      return `did not answer within ${outcome.seconds} seconds on this machine`
  }
}

const insteadOf = (faults: readonly string[], instead: string) =>
  faults.length > 0 ? `${faults.join('; ')}, so ${instead}.` : undefined

function whyProcessor(choice: ProviderChoice, gpus: readonly Gpu[], against: string[]): string {
  if (against.length > 0) return `${against.join('; ')}.`
  if (choice === 'cpu') return 'You chose the processor.'
  return gpus.length > 0
    ? 'No provider that is installed can use the GPU of this machine: the processor computes.'
    : 'No GPU was found: the processor computes.'
}

const share = (difference: number) =>
  Number.isFinite(difference) ? `${(difference * 100).toPrecision(2)} % off` : 'not even numbers'

const times = (factor: number) => `${Number(factor.toPrecision(2))} times`

/** The part of onnxruntime's message that says something to a person. */
export function shortReason(message: string): string {
  const line = message
    .replace(/^.*?\bwas (?:false|true)\. /s, '')
    .replace(/^.*?Status Message: /s, '')
    .trim()
    .split('\n')[0]!
  return line.length > 160 ? `${line.slice(0, 159)}…` : line
}
