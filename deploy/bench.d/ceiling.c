/* The ceiling: how many events a second SQLite itself takes, from C, on this disk.
 *
 *     gcc -O2 -o ceiling ceiling.c -lsqlite3 -lcrypto
 *     ./ceiling events.db EVENTS BATCH [hash]
 *
 * events.db is an empty event log that garage has made: the same schema, indexes and page settings. It is filled with the
 * rows that garage would write for readings of 100 sensors, with the same pragmas (write-ahead log, synchronous=FULL, no
 * automatic checkpoint; a passive one every 4000 pages) and BATCH events in each transaction. With `hash` the two SHA-256
 * of each event are computed as well. Prints events a second. */

#include <openssl/sha.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sqlite3 *database;
static int wal_pages;

static void check(int result) {
    if (result == SQLITE_OK || result == SQLITE_DONE || result == SQLITE_ROW) return;
    fprintf(stderr, "ceiling: %s\n", sqlite3_errmsg(database));
    exit(1);
}

static void run(const char *sql) { check(sqlite3_exec(database, sql, 0, 0, 0)); }

static int note_pages(void *unused, sqlite3 *connection, const char *name, int pages) {
    wal_pages = pages;
    return SQLITE_OK;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* xorshift64*: good enough for random bits of ids. */
static uint64_t random_bits(void) {
    static uint64_t state = 0x9E3779B97F4A7C15;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1D;
}

static void make_id(uint8_t id[16], int64_t microseconds) {
    uint64_t high = (uint64_t)(microseconds / 1000) << 16 | 0x7000 | (random_bits() & 0xFFF);
    uint64_t low = 0x8000000000000000 | (random_bits() & 0x3FFFFFFFFFFFFFFF);
    for (int index = 0; index < 8; index++) {
        id[index] = high >> (56 - 8 * index);
        id[8 + index] = low >> (56 - 8 * index);
    }
}

int main(int count, char **arguments) {
    if (count < 4) {
        fprintf(stderr, "usage: ceiling events.db EVENTS BATCH [hash]\n");
        return 2;
    }
    long events = atol(arguments[2]), batch = atol(arguments[3]);
    int hashes = count > 4 && strcmp(arguments[4], "hash") == 0;
    enum { streams = 100 };
    int64_t versions[streams] = {0};

    check(sqlite3_open_v2(arguments[1], &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, 0));
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-16384;"
        "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; PRAGMA secure_delete=FAST; PRAGMA journal_size_limit=67108864");
    sqlite3_wal_hook(database, note_pages, 0);
    run("INSERT INTO symbol(text) VALUES ('sensor.reading-recorded'), ('device'), ('bench')");
    for (int stream = 0; stream < streams; stream++) {
        char sql[100];
        snprintf(sql, sizeof sql, "INSERT INTO stream(name) VALUES ('sensor/bench.s%d')", stream);
        run(sql);
    }
    sqlite3_stmt *insert, *chain;
    check(sqlite3_prepare_v3(
        database,
        "INSERT INTO event (position, id, stream, version, chain, type, schema, time, recorded, channel, correlation,"
        " causation, hash, actor, client, salt, data)"
        " VALUES (?1, ?2, ?3, ?4, 2, 1, 1, ?5, ?6, 2, NULL, NULL, ?7, 3, ?8, NULL, ?9) ON CONFLICT (id) DO NOTHING",
        -1, SQLITE_PREPARE_PERSISTENT, &insert, 0));
    check(sqlite3_prepare_v3(
        database, "UPDATE chain SET position = ?1, hash = ?2 WHERE id = 2", -1, SQLITE_PREPARE_PERSISTENT, &chain, 0));

    uint8_t link[32] = {0}, content[32] = {0};
    int checkpointed = 0;
    double start = now();
    for (long position = 1; position <= events;) {
        run("BEGIN IMMEDIATE");
        struct timespec clock;
        clock_gettime(CLOCK_REALTIME, &clock);
        int64_t time = (int64_t)clock.tv_sec * 1000000 + clock.tv_nsec / 1000;
        for (long index = 0; index < batch && position <= events; index++, position++) {
            int stream = position % streams;
            uint8_t id[16];
            char data[64], client[16];
            make_id(id, time);
            int length = snprintf(
                data, sizeof data, "{\"quantity\":\"temperature\",\"value\":%.1f}", 15 + (position % 200) / 10.0);
            int client_length = snprintf(client, sizeof client, "s%d", stream);
            if (hashes) {
                /* As many bytes as the canonical form of such an event has. */
                uint8_t text[256] = {0};
                memcpy(text + 24, data, length);
                SHA256(text, 24 + length, content);
                memcpy(text, link, 32);
                memcpy(text + 40, id, 16);
                memcpy(text + 170, content, 32);
                SHA256(text, 202, link);
            } else {
                memcpy(link, id, 16);
            }
            sqlite3_bind_int64(insert, 1, position);
            sqlite3_bind_blob(insert, 2, id, 16, SQLITE_STATIC);
            sqlite3_bind_int64(insert, 3, stream + 1);
            sqlite3_bind_int64(insert, 4, ++versions[stream]);
            sqlite3_bind_int64(insert, 5, time);
            sqlite3_bind_int64(insert, 6, time);
            sqlite3_bind_blob(insert, 7, link, 32, SQLITE_STATIC);
            sqlite3_bind_text(insert, 8, client, client_length, SQLITE_STATIC);
            sqlite3_bind_blob(insert, 9, data, length, SQLITE_STATIC);
            check(sqlite3_step(insert));
            sqlite3_reset(insert);
        }
        sqlite3_bind_int64(chain, 1, position - 1);
        sqlite3_bind_blob(chain, 2, link, 32, SQLITE_STATIC);
        check(sqlite3_step(chain));
        sqlite3_reset(chain);
        run("COMMIT");
        if (wal_pages < checkpointed) checkpointed = 0;
        if (wal_pages - checkpointed >= 4000) {
            sqlite3_wal_checkpoint_v2(database, 0, SQLITE_CHECKPOINT_PASSIVE, 0, 0);
            checkpointed = wal_pages;
        }
    }
    double seconds = now() - start;
    printf("%.0f\n", events / seconds);
    sqlite3_finalize(insert);
    sqlite3_finalize(chain);
    check(sqlite3_close(database));
    return 0;
}
