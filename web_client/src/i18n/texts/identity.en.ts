import type { identityZh } from './identity.zh'

/** Texts of signing in, in English. */
export const identityEn: typeof identityZh = {
  login: {
    title: 'Sign in',
    local: 'Account',
    terminal: 'Classroom terminal',
    account: 'Account',
    password: 'Password',
    submit: 'Sign in',
    submitting: 'Signing in…',
    activate: 'Activate account',
    points: [
      'One lead teacher, many teaching points',
      'Two-way: raise hands, come on stage, speak live',
      'Every lesson is recorded by itself',
    ],
  },
  terminal: {
    byCode: 'Lesson code',
    byToken: 'Device token',
    byQr: 'Bind by QR',
    qrHint: 'Ask the administrator to scan this, or to type the code at “Classroom terminals”.',
    redeemLabel: 'Or type the code that the administrator gave you',
    codeLabel: '8-digit lesson code',
    codeHint: 'The lead teacher finds it under "Today".',
    next: 'Next',
    choose: 'Which room is this?',
    lesson: 'Lesson: {title}',
    noRooms: 'This lesson invites no rooms.',
    tokenLabel: 'Device token',
    tokenHint: 'Issued by the county administrator, one per room.',
    remember: 'Remember this computer (signs in by itself after a power cut)',
    enter: 'Sign in this room',
    changeCode: 'Another code',
  },
  hold: 'Too many attempts; please wait {length}.',
  holdButton: 'Wait {length}',
}
