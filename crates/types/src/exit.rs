//! Exit codes of the `ringfence` program: an interface, so they never change
//! their meaning.

macro_rules! exits {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $word:literal;)*) => {
        /// What the program's exit status says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum ExitCode {
            $($(#[$doc])* $variant = $code,)*
        }

        impl ExitCode {
            /// Every code, in order.
            pub const ALL: &'static [ExitCode] = &[$(ExitCode::$variant,)*];

            /// The stable word for `--json`.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(ExitCode::$variant => $word,)* }
            }
        }
    };
}

exits! {
    /// Everything that was asked for was done.
    Success = 0, "success";
    /// The plugin answered with an error, or ended with a status other than 0.
    PluginError = 1, "plugin_error";
    /// The command line, the manifest or the input is wrong; nothing was started.
    Usage = 2, "usage";
    /// Consent or a grant is missing; nothing was started, or an effect that
    /// the action needed was denied.
    Denied = 3, "denied";
    /// A resource limit stopped the plugin.
    Limit = 4, "limit";
    /// A time-out stopped the plugin.
    Timeout = 5, "timeout";
    /// This machine cannot give the isolation that was asked for.
    SandboxUnavailable = 6, "sandbox_unavailable";
    /// The plugin ended by a signal or broke the protocol.
    Crash = 7, "crash";
    /// The audit log cannot be written or does not verify.
    Audit = 8, "audit";
    /// A package was looked at and is worse than what was asked for; nothing of it ran.
    Refused = 9, "refused";
    /// It ran, and was ended because what let it run was taken back: quarantine, switched
    /// off, removed, or a grant that a running jail cannot give up.
    Recalled = 10, "recalled";
    /// A fault of ours.
    Internal = 70, "internal";
    /// Stopped by Ctrl-C.
    Interrupted = 130, "interrupted";
}

impl ExitCode {
    /// The number the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}
