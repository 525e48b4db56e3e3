import Foundation

/// Asks for a password at the terminal without showing it; reads a line if standard input is no terminal.
enum SecretPrompt {
    /// - Parameter repeated: asks twice at a terminal, and throws a ``Failure`` if the two differ.
    static func read(_ title: String, repeated: Bool) throws -> String {
        guard isatty(STDIN_FILENO) != 0 else {
            guard let line = readLine() else { throw Failure("no password on standard input") }
            return line
        }
        let first = try ask(title)
        if repeated, try ask("Again") != first { throw Failure("the two passwords are not the same") }
        return first
    }

    private static func ask(_ title: String) throws -> String {
        FileHandle.standardError.write(Data("\(title): ".utf8))
        var settings = termios()
        tcgetattr(STDIN_FILENO, &settings)
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        guard let line = readLine() else { throw Failure("no password was given") }
        return line
    }
}
