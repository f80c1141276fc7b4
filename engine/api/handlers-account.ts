// The account, for the page: thin calls; what the cloud refuses arrives in words.
import { ORPCError } from '@orpc/server'
import type { OpenAccount } from '../account/account.ts'
import { AccountError } from '../account/account-error.ts'
import type { Host } from '../host/host.ts'
import { answers } from './handlers-base.ts'

const os = answers.account

export function accountHandlers(host: Host) {
  /** @throws ORPCError with the cloud's code as data */
  async function callAccount<T>(work: (account: OpenAccount) => Promise<T>): Promise<T> {
    try {
      return await work(await host.account.load())
    } catch (error) {
      if (!(error instanceof AccountError)) throw error
      throw new ORPCError('BAD_REQUEST', { message: error.message, data: { code: error.code } })
    }
  }
  const callForNothing = async (work: (account: OpenAccount) => Promise<unknown>) => {
    await callAccount(work)
    return {}
  }
  const callForState = async (work: (account: OpenAccount) => Promise<unknown>) =>
    callAccount(async account => {
      await work(account)
      return { account: account.state() }
    })

  return {
    state: os.state.handler(() => host.account.state()),
    refresh: os.refresh.handler(() => {
      const state = host.account.state()
      if (state.state !== 'signedOut') return callAccount(account => account.refresh())
      // Somebody looks at the way in: its code is loaded meanwhile, and asks nobody anything.
      if (state.available) void host.account.load()
      return state
    }),
    signUp: os.signUp.handler(({ input }) =>
      callForState(({ signIn }) => signIn.signUp(input.email, input.password)),
    ),
    verify: os.verify.handler(({ input }) =>
      callForState(({ signIn }) => signIn.verify(input.email, input.code)),
    ),
    resendVerification: os.resendVerification.handler(({ input }) =>
      callForNothing(({ signIn }) => signIn.resend(input.email)),
    ),
    signIn: os.signIn.handler(({ input }) =>
      callForState(({ signIn }) => signIn.withPassword(input.email, input.password)),
    ),
    signInWithGoogle: os.signInWithGoogle.handler(async () => {
      const { url } = await callAccount(({ signIn }) => signIn.withGoogle())
      return { url }
    }),
    cancelBrowser: os.cancelBrowser.handler(() =>
      callForNothing(async ({ signIn }) => signIn.cancelBrowser()),
    ),
    requestReset: os.requestReset.handler(({ input }) =>
      callForNothing(({ signIn }) => signIn.requestReset(input.email)),
    ),
    reset: os.reset.handler(({ input }) =>
      callForState(({ signIn }) => signIn.reset(input.email, input.code, input.password)),
    ),
    signOut: os.signOut.handler(({ input }) =>
      callForNothing(account => account.signOut(input.everywhere)),
    ),
    rename: os.rename.handler(({ input }) =>
      callAccount(account => account.rename(input.displayName)),
    ),
    changeEmail: os.changeEmail.handler(({ input }) =>
      callForNothing(account => account.changeEmail(input.email)),
    ),
    confirmEmail: os.confirmEmail.handler(({ input }) =>
      callAccount(account => account.confirmEmail(input.email, input.code)),
    ),
    changePassword: os.changePassword.handler(({ input }) =>
      callForNothing(account => account.changePassword(input.current, input.password)),
    ),
    changeMail: os.changeMail.handler(({ input }) =>
      callAccount(account => account.changeMail(input.productNews, input.usageAlerts)),
    ),
    revokeDevice: os.revokeDevice.handler(({ input }) =>
      callAccount(account => account.revokeDevice(input.id)),
    ),
    checkout: os.checkout.handler(({ input }) =>
      callAccount(account => account.checkout(input.planId)),
    ),
    portal: os.portal.handler(({ input }) => callAccount(account => account.portal(input.flow))),
    requestDeletion: os.requestDeletion.handler(({ input }) =>
      callAccount(account => account.requestDeletion(input.password)),
    ),
    cancelDeletion: os.cancelDeletion.handler(() =>
      callAccount(account => account.cancelDeletion()),
    ),
    workflows: {
      list: os.workflows.list.handler(() => callAccount(({ workflows }) => workflows.list())),
      save: os.workflows.save.handler(({ input }) =>
        callAccount(({ workflows }) => workflows.save(input.workflow, input.onConflict)),
      ),
      open: os.workflows.open.handler(({ input }) =>
        callAccount(async ({ workflows }) => ({
          workflow: await workflows.open(input.id, input.version),
        })),
      ),
      versions: os.workflows.versions.handler(({ input }) =>
        callAccount(({ workflows }) => workflows.versions(input.id)),
      ),
      rename: os.workflows.rename.handler(({ input }) =>
        callForNothing(({ workflows }) => workflows.rename(input.id, input.name)),
      ),
      remove: os.workflows.remove.handler(({ input }) =>
        callForNothing(({ workflows }) => workflows.remove(input.id)),
      ),
      share: os.workflows.share.handler(({ input }) =>
        callAccount(async ({ workflows }) => ({ url: await workflows.share(input.id) })),
      ),
      unshare: os.workflows.unshare.handler(({ input }) =>
        callForNothing(({ workflows }) => workflows.unshare(input.id)),
      ),
      openShared: os.workflows.openShared.handler(({ input }) =>
        callAccount(async ({ workflows }) => ({
          workflow: await workflows.openShared(input.link),
        })),
      ),
    },
  }
}
