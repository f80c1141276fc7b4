// What a person changes about their account: name, address, password, mail, devices, and leaving.
import type { Account } from '../api/contract-account.ts'
import { AccountError } from './account-error.ts'
import type { Cloud } from './cloud.ts'
import type { Session } from './session.ts'

export interface Profile {
  rename(displayName: string): Promise<Account>
  changeEmail(email: string): Promise<void>
  confirmEmail(email: string, code: string): Promise<Account>
  changePassword(current: string, password: string): Promise<void>
  changeMail(productNews: boolean, usageAlerts: boolean): Promise<Account>
  revokeDevice(id: string): Promise<Account>
  /** A zip of everything that is held, as it comes. */
  exportData(): Promise<ReadableStream<Uint8Array>>
  requestDeletion(password: string | undefined): Promise<Account>
  cancelDeletion(): Promise<Account>
}

export function profile(cloud: Cloud, session: Session, state: () => Account): Profile {
  const { auth, callAuth } = cloud
  const { callCloud } = session

  /** Calls, then hears what became of it. */
  const callThenFetch = async (work: () => Promise<unknown>): Promise<Account> => {
    await callCloud(async () => {
      await work()
      await session.fetchDetails()
    })
    session.notify()
    return state()
  }

  /** Proves that it is the person: the session becomes a fresh one. */
  const confirmPassword = async (password: string) => {
    const { email } = session.user()!
    await callAuth(() => auth.signInWithPassword({ email, password })).catch(error => {
      if (error.code !== 'invalid_credentials') throw error
      throw new AccountError('invalid_credentials', 'The password is not right.')
    })
  }

  return {
    rename: displayName =>
      callThenFetch(() => cloud.rpc('update_profile', { display_name: displayName })),
    async changeEmail(email) {
      await callCloud(() => callAuth(() => auth.updateUser({ email })))
    },
    confirmEmail: (email, code) =>
      callThenFetch(() =>
        callAuth(() => auth.verifyOtp({ email, token: code.trim(), type: 'email_change' })),
      ),
    async changePassword(current, password) {
      await callCloud(async () => {
        await confirmPassword(current)
        await callAuth(() => auth.updateUser({ password }))
      })
    },
    changeMail: (productNews, usageAlerts) =>
      callThenFetch(() =>
        cloud.rpc('update_mail_preferences', {
          product_news: productNews,
          usage_alerts: usageAlerts,
        }),
      ),
    revokeDevice: id => callThenFetch(() => cloud.rpc('revoke_device', { device: id })),
    exportData: () => callCloud(() => cloud.stream('/export')),
    requestDeletion: password =>
      callThenFetch(async () => {
        if (password !== undefined) await confirmPassword(password)
        await cloud.call('POST', '/deletion')
      }),
    cancelDeletion: () => callThenFetch(() => cloud.call('DELETE', '/deletion')),
  }
}
