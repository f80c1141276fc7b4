// What a person changes about their account: name, address, password, mail, devices, and leaving.
import type { Account } from '../api/contract-account.ts'
import type { Cloud } from './cloud.ts'
import type { Session } from './session.ts'
import { AccountError } from './words.ts'

export interface Profile {
  rename(displayName: string): Promise<Account>
  changeEmail(email: string): Promise<void>
  confirmEmail(email: string, code: string): Promise<Account>
  changePassword(current: string, password: string): Promise<void>
  changeMail(productNews: boolean, usageAlerts: boolean): Promise<Account>
  revokeDevice(id: string): Promise<Account>
  /** A zip of everything that is held. */
  exportData(): Promise<Uint8Array>
  requestDeletion(password: string | undefined): Promise<Account>
  cancelDeletion(): Promise<Account>
}

export function profile(cloud: Cloud, session: Session, state: () => Account): Profile {
  const { auth, askAuth } = cloud
  const { asking } = session

  /** Calls, then hears what became of it. */
  const changing = async (work: () => Promise<unknown>): Promise<Account> => {
    await asking(async () => {
      await work()
      await session.hear()
    })
    session.tell()
    return state()
  }

  /** Proves that it is the person: the session becomes a fresh one. */
  const confirm = async (password: string) => {
    const { email } = session.user()!
    await askAuth(() => auth.signInWithPassword({ email, password })).catch(error => {
      if (error.code !== 'invalid_credentials') throw error
      throw new AccountError('invalid_credentials', 'The password is not right.')
    })
  }

  return {
    rename: displayName =>
      changing(() => cloud.rpc('update_profile', { display_name: displayName })),
    async changeEmail(email) {
      await asking(() => askAuth(() => auth.updateUser({ email })))
    },
    confirmEmail: (email, code) =>
      changing(() =>
        askAuth(() => auth.verifyOtp({ email, token: code.trim(), type: 'email_change' })),
      ),
    async changePassword(current, password) {
      await asking(async () => {
        await confirm(current)
        await askAuth(() => auth.updateUser({ password }))
      })
    },
    changeMail: (productNews, usageAlerts) =>
      changing(() =>
        cloud.rpc('update_mail_preferences', {
          product_news: productNews,
          usage_alerts: usageAlerts,
        }),
      ),
    revokeDevice: id => changing(() => cloud.rpc('revoke_device', { device: id })),
    exportData: () => asking(() => cloud.bytes('/export')),
    requestDeletion: password =>
      changing(async () => {
        if (password !== undefined) await confirm(password)
        await cloud.call('POST', '/deletion')
      }),
    cancelDeletion: () => changing(() => cloud.call('DELETE', '/deletion')),
  }
}
