// A program as somebody would write it with Eclipse Paho's C library: connects, and publishes to itself.
// Usage: stock_client URI VERSION TOPIC [CA-FILE], with VERSION 3.1.1 or 5.0. Prints what it has received.
#include <MQTTClient.h>
#include <stdio.h>
#include <string.h>

static int failed(const char *what, int code) {
    fprintf(stderr, "%s failed with %d\n", what, code);
    return 1;
}

int main(int count, char **words) {
    if (count < 4) return 2;
    const int is5 = strcmp(words[2], "5.0") == 0;
    MQTTClient_createOptions create = MQTTClient_createOptions_initializer;
    create.MQTTVersion = is5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    MQTTClient client;
    int code = MQTTClient_createWithOptions(
        &client, words[1], "paho-c", MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
    if (code) return failed("create", code);
    MQTTClient_connectOptions connect = MQTTClient_connectOptions_initializer;
    MQTTClient_connectOptions connect5 = MQTTClient_connectOptions_initializer5;
    MQTTClient_SSLOptions tls = MQTTClient_SSLOptions_initializer;
    MQTTClient_connectOptions *options = is5 ? &connect5 : &connect;
    options->MQTTVersion = create.MQTTVersion;
    if (count > 4) {
        tls.trustStore = words[4];
        tls.verify = 1;
        options->ssl = &tls;
    }
    MQTTSubscribe_options wanted = MQTTSubscribe_options_initializer;
    if (is5) {
        MQTTResponse answer = MQTTClient_connect5(client, options, NULL, NULL);
        if (answer.reasonCode) return failed("connect", answer.reasonCode);
        MQTTResponse_free(answer);
        answer = MQTTClient_subscribe5(client, words[3], 2, &wanted, NULL);
        if (answer.reasonCode != 2) return failed("subscribe", answer.reasonCode);
        MQTTResponse_free(answer);
    } else {
        if ((code = MQTTClient_connect(client, options))) return failed("connect", code);
        if ((code = MQTTClient_subscribe(client, words[3], 2))) return failed("subscribe", code);
    }
    for (int qos = 0; qos <= 2; qos++) {
        MQTTClient_message message = MQTTClient_message_initializer;
        char text[] = {'q', (char)('0' + qos)};
        message.payload = text;
        message.payloadlen = sizeof text;
        message.qos = qos;
        MQTTClient_deliveryToken token = 0;
        if (is5) {
            MQTTResponse answer = MQTTClient_publishMessage5(client, words[3], &message, &token);
            if (answer.reasonCode) return failed("publish", answer.reasonCode);
            MQTTResponse_free(answer);
        } else if ((code = MQTTClient_publishMessage(client, words[3], &message, &token))) {
            return failed("publish", code);
        }
        if (qos && (code = MQTTClient_waitForCompletion(client, token, 10000))) return failed("acknowledgement", code);
    }
    // A fourth message would be one too many; the broker has had time for it when the three are there.
    for (int received = 0; received < 4; received++) {
        char *topic = NULL;
        int length = 0;
        MQTTClient_message *message = NULL;
        code = MQTTClient_receive(client, &topic, &length, &message, received < 3 ? 10000 : 500);
        if (!message) break;
        printf("%s %d %.*s\n", topic, message->qos, message->payloadlen, (char *)message->payload);
        MQTTClient_freeMessage(&message);
        MQTTClient_free(topic);
    }
    code = is5 ? MQTTClient_disconnect5(client, 1000, MQTTREASONCODE_SUCCESS, NULL) : MQTTClient_disconnect(client, 1000);
    if (code) return failed("disconnect", code);
    MQTTClient_destroy(&client);
    return 0;
}
