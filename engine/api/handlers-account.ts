// The account, for the page: thin calls; what the cloud refuses arrives in words.
import { ORPCError } from '@orpc/server'
import type { OpenAccount } from '../account/account.ts'
import { AccountError } from '../account/words.ts'
import type { Host } from '../host/host.ts'
import { answers } from './handlers-base.ts'

const os = answers.account

export function accountHandlers(host: Host) {
  /** @throws ORPCError with the cloud's code as data */
  async function using<T>(work: (account: OpenAccount) => Promise<T>): Promise<T> {
    try {
      return await work(await host.account.use())
    } catch (error) {
      if (!(error instanceof AccountError)) throw error
      throw new ORPCError('BAD_REQUEST', { message: error.message, data: { code: error.code } })
    }
  }
  const done = async (work: (account: OpenAccount) => Promise<unknown>) => {
    await using(work)
    return {}
  }
  const entering = async (work: (account: OpenAccount) => Promise<unknown>) =>
    using(async account => {
      await work(account)
      return { account: account.state() }
    })

  return {
    state: os.state.handler(() => host.account.state()),
    refresh: os.refresh.handler(() => {
      const state = host.account.state()
      if (state.state !== 'signedOut') return using(account => account.refresh())
      // Somebody looks at the way in: its code is loaded meanwhile, and asks nobody anything.
      if (state.available) void host.account.use()
      return state
    }),
    signUp: os.signUp.handler(({ input }) =>
      entering(({ signIn }) => signIn.signUp(input.email, input.password)),
    ),
    verify: os.verify.handler(({ input }) =>
      entering(({ signIn }) => signIn.verify(input.email, input.code)),
    ),
    resendVerification: os.resendVerification.handler(({ input }) =>
      done(({ signIn }) => signIn.resend(input.email)),
    ),
    signIn: os.signIn.handler(({ input }) =>
      entering(({ signIn }) => signIn.withPassword(input.email, input.password)),
    ),
    signInWithGoogle: os.signInWithGoogle.handler(async () => {
      const { url } = await using(({ signIn }) => signIn.withGoogle())
      return { url }
    }),
    cancelBrowser: os.cancelBrowser.handler(() =>
      done(async ({ signIn }) => signIn.cancelBrowser()),
    ),
    requestReset: os.requestReset.handler(({ input }) =>
      done(({ signIn }) => signIn.requestReset(input.email)),
    ),
    reset: os.reset.handler(({ input }) =>
      entering(({ signIn }) => signIn.reset(input.email, input.code, input.password)),
    ),
    signOut: os.signOut.handler(({ input }) => done(account => account.signOut(input.everywhere))),
    rename: os.rename.handler(({ input }) => using(account => account.rename(input.displayName))),
    changeEmail: os.changeEmail.handler(({ input }) =>
      done(account => account.changeEmail(input.email)),
    ),
    confirmEmail: os.confirmEmail.handler(({ input }) =>
      using(account => account.confirmEmail(input.email, input.code)),
    ),
    changePassword: os.changePassword.handler(({ input }) =>
      done(account => account.changePassword(input.current, input.password)),
    ),
    changeMail: os.changeMail.handler(({ input }) =>
      using(account => account.changeMail(input.productNews, input.usageAlerts)),
    ),
    revokeDevice: os.revokeDevice.handler(({ input }) =>
      using(account => account.revokeDevice(input.id)),
    ),
    checkout: os.checkout.handler(({ input }) => using(account => account.checkout(input.planId))),
    portal: os.portal.handler(({ input }) => using(account => account.portal(input.flow))),
    requestDeletion: os.requestDeletion.handler(({ input }) =>
      using(account => account.requestDeletion(input.password)),
    ),
    cancelDeletion: os.cancelDeletion.handler(() => using(account => account.cancelDeletion())),
    workflows: {
      list: os.workflows.list.handler(() => using(({ workflows }) => workflows.list())),
      save: os.workflows.save.handler(({ input }) =>
        using(({ workflows }) => workflows.save(input.workflow, input.onConflict)),
      ),
      open: os.workflows.open.handler(({ input }) =>
        using(async ({ workflows }) => ({
          workflow: await workflows.open(input.id, input.version),
        })),
      ),
      versions: os.workflows.versions.handler(({ input }) =>
        using(({ workflows }) => workflows.versions(input.id)),
      ),
      rename: os.workflows.rename.handler(({ input }) =>
        done(({ workflows }) => workflows.rename(input.id, input.name)),
      ),
      remove: os.workflows.remove.handler(({ input }) =>
        done(({ workflows }) => workflows.remove(input.id)),
      ),
      share: os.workflows.share.handler(({ input }) =>
        using(async ({ workflows }) => ({ url: await workflows.share(input.id) })),
      ),
      unshare: os.workflows.unshare.handler(({ input }) =>
        done(({ workflows }) => workflows.unshare(input.id)),
      ),
      openShared: os.workflows.openShared.handler(({ input }) =>
        using(async ({ workflows }) => ({ workflow: await workflows.openShared(input.link) })),
      ),
    },
  }
}
