/// What earlier versions wrote, as SQL.
extension Sample {
    /// A file of format 1: a session with a subscription and a message that waits.
    static let formatOne = """
        CREATE TABLE session (
            key INTEGER PRIMARY KEY,
            client TEXT NOT NULL,
            expiry INTEGER NOT NULL,
            expires INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE will (
            session INTEGER PRIMARY KEY,
            topic TEXT NOT NULL,
            payload BLOB NOT NULL,
            qos INTEGER NOT NULL,
            retain INTEGER NOT NULL,
            properties BLOB NOT NULL,
            delay INTEGER NOT NULL,
            due INTEGER NOT NULL,
            principal TEXT,
            user TEXT,
            address TEXT NOT NULL,
            listener TEXT NOT NULL,
            version INTEGER NOT NULL,
            keep_alive INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE subscription (
            session INTEGER NOT NULL,
            filter BLOB NOT NULL,
            qos INTEGER NOT NULL,
            no_local INTEGER NOT NULL,
            as_published INTEGER NOT NULL,
            identifier INTEGER NOT NULL,
            PRIMARY KEY (session, filter)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE message (
            id INTEGER PRIMARY KEY,
            topic BLOB NOT NULL,
            properties BLOB NOT NULL,
            payload BLOB NOT NULL,
            expires INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE delivery (
            session INTEGER NOT NULL,
            number INTEGER NOT NULL,
            message INTEGER,
            qos INTEGER NOT NULL,
            retain INTEGER NOT NULL,
            identifiers TEXT NOT NULL,
            packet INTEGER NOT NULL,
            released INTEGER NOT NULL,
            PRIMARY KEY (session, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX delivery_message ON delivery (message) WHERE message IS NOT NULL;
        CREATE TABLE received (
            session INTEGER NOT NULL,
            packet INTEGER NOT NULL,
            PRIMARY KEY (session, packet)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE retained (
            topic BLOB PRIMARY KEY,
            properties BLOB NOT NULL,
            payload BLOB NOT NULL,
            qos INTEGER NOT NULL,
            expires INTEGER NOT NULL
        ) STRICT;
        INSERT INTO session VALUES (7, 'esp1', 4294967295, 0);
        INSERT INTO subscription VALUES (7, CAST('garage/home/gate/front/actuate' AS BLOB), 1, 0, 0, 0);
        INSERT INTO message VALUES (1, CAST('t' AS BLOB), x'', CAST('waiting' AS BLOB), 0);
        INSERT INTO delivery VALUES (7, 1, 1, 1, 0, '', 0, 0);
        PRAGMA application_id = 0x47524252;
        PRAGMA user_version = 1;
        """
}
