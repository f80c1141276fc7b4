// Mails that Supabase Auth asks for: each carries a link, a code, or both.
import { Action, Code, Frame, Words } from './frame.tsx'

const ifNotYou = 'If this was not you, ignore this mail: nothing changes.'

interface Ask {
  link: string
  code: string
}

export const Verify = ({ link, code }: Ask) => (
  <Frame preview="One click, and your account is ready." title="Confirm your e-mail address">
    <Words>Press the button, on any device, or enter the code in ComfyRunner.</Words>
    <Action href={link}>Confirm address</Action>
    <Code>{code}</Code>
    <Words>The link works for one hour. {ifNotYou}</Words>
  </Frame>
)

export const SignInLink = ({ link, code }: Ask) => (
  <Frame preview="Your sign-in link." title="Sign in to ComfyRunner">
    <Words>
      Press the button on the machine where you run ComfyRunner, or enter the code there.
    </Words>
    <Action href={link}>Sign in</Action>
    <Code>{code}</Code>
    <Words>The link works for one hour. {ifNotYou}</Words>
  </Frame>
)

/** A code alone: a link would use it up in a browser, and the app asks for it. */
export const Reset = ({ code }: Pick<Ask, 'code'>) => (
  <Frame preview="Choose a new password." title="Choose a new password">
    <Words>
      Somebody, hopefully you, asked for a new password for this account. Enter this code in
      ComfyRunner and choose one there.
    </Words>
    <Code>{code}</Code>
    <Words>The code works for one hour. {ifNotYou} Your password stays as it is.</Words>
  </Frame>
)

export const ChangeEmail = ({
  code,
  newEmail,
  toNew,
}: Pick<Ask, 'code'> & { newEmail: string; toNew: boolean }) => (
  <Frame preview={`Confirm ${newEmail}.`} title="Confirm your new e-mail address">
    <Words>
      {toNew
        ? 'This address is to become the one of a ComfyRunner account. Enter this code in ComfyRunner if it is yours.'
        : `Your account is to move to ${newEmail}. Enter this code in ComfyRunner if this is what you want.`}
    </Words>
    <Code>{code}</Code>
    <Words>Both addresses are asked; the change happens when both have confirmed. {ifNotYou}</Words>
  </Frame>
)

export const Reauthenticate = ({ code }: { code: string }) => (
  <Frame preview={`Your code is ${code}.`} title="Confirm that it is you">
    <Words>Enter this code in ComfyRunner.</Words>
    <Code>{code}</Code>
    <Words>
      If you did not ask for it, somebody may know your password. Change it in the account settings.
    </Words>
  </Frame>
)

export const SecurityNotice = ({ what, appUrl }: { what: string; appUrl: string }) => (
  <Frame preview={what} title="A change to your account">
    <Words>{what}</Words>
    <Words>If this was not you, choose a new password at once and sign out everywhere.</Words>
    <Action href={appUrl}>Open account</Action>
  </Frame>
)
