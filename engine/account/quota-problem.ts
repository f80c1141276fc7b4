// Why a run may not begin, said so that the person knows until when and what to do.
import type { Problem } from '../api/contract.ts'
import type { AccountDetails } from '../api/contract-account.ts'

const count = (n: number) => n.toLocaleString('en-US')
const day = (ms: number) =>
  new Date(ms).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })

/** @param trouble why the cloud could not be asked, if it could not */
export function quotaProblem(
  details: AccountDetails | undefined,
  signedIn: boolean,
  trouble: string | undefined,
): Problem {
  if (details?.suspended)
    return {
      code: 'suspended',
      message: `This account is suspended${details.suspended.reason ? `: ${details.suspended.reason}` : ''}.`,
      hint: 'Write to support if you think that is wrong. Your workflows are untouched.',
    }
  if (details?.devices.some(({ here, revoked }) => here && revoked))
    return {
      code: 'device_removed',
      message: 'This device was removed from your account.',
      hint: 'Sign out and in again under Account to add it anew. The workflow is untouched.',
    }
  if (!signedIn)
    return {
      code: 'sign_in_again',
      message: 'You were signed out, and what could be run without asking is used up.',
      hint: 'Sign in again under Account. The workflow is untouched.',
    }
  if (trouble !== undefined)
    return {
      code: 'allowance_unreachable',
      message: 'What could be run offline is used up, and the account’s cloud cannot be reached.',
      hint: `${trouble} Connect to the internet and run it again; the workflow is untouched.`,
    }
  const usage = details?.usage
  if (!usage || usage.limit === null || usage.kind === 'trial')
    return {
      code: 'quota_reached',
      message: `All ${usage?.limit ? `${count(usage.limit)} ` : ''}workflows of the trial are used.`,
      hint: 'Choose a plan under Account. The workflow is untouched.',
    }
  const until = usage.periodEnd === null ? '' : ` The count begins anew on ${day(usage.periodEnd)}.`
  return {
    code: 'quota_reached',
    message: `All ${count(usage.limit)} workflows of this month are used.${until}`,
    hint: 'Wait until then, or choose a larger plan under Account. The workflow is untouched.',
  }
}
