//! What people are told about their own account, so that they notice when somebody else was at it
//! (OWASP ASVS 5.0, 6.3.5 and 6.3.7); and owners and admins of what they must look after.
//!
//! It deliberately says nothing about how a notice reaches a person.

/// Declares the kinds with their words.
macro_rules! kinds {
    ($($name:ident $word:literal $meaning:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum NoticeKind {
            $(#[doc = $meaning] $name,)*
        }

        impl NoticeKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word for programs and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

kinds! {
    NewDevice "new_device" "Somebody signed in on a device that was not known.";
    WrongCode "wrong_code"
        "Somebody knew the password on a device that was not known, but not the code.";
    Locked "locked" "Too many failures locked a place.";
    TokenReused "token_reused" "A refresh token came a second time; the session was ended.";
    PasswordChanged "password_changed" "The password was changed by the person.";
    PasswordReset "password_reset" "The password was reset by somebody else.";
    SecondFactorAdded "second_factor_added" "A second factor was confirmed.";
    SecondFactorRemoved "second_factor_removed" "The second factor was taken away.";
    RecoveryCodeUsed "recovery_code_used" "A recovery code took the place of a code.";
    RecoveryCodesReplaced "recovery_codes_replaced" "The recovery codes were replaced.";
    WebhookSilent "webhook_silent"
        "A gateway has told nothing for long; perhaps it has disabled the webhook.";
}

impl NoticeKind {
    /// The kind of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::NoticeKind;

    #[test]
    fn words_are_found_again() {
        for kind in NoticeKind::ALL {
            assert_eq!(NoticeKind::from_name(kind.as_str()), Some(*kind));
        }
        assert_eq!(NoticeKind::from_name("other"), None);
    }
}
